// Signed records and checkpoints: strict reading by the tables of schema.js, as
// protocol/fields.py and protocol/records.py do it. Nothing missing, nothing unknown,
// everything in range; byte strings stay Uint8Array, optional fields that are absent are null.

import {
  DOMAINS, MAX_CHECKPOINT_BYTES, MAX_COUNTERSIGNATURE_BYTES, MAX_ORDER_BYTES, MAX_ORDER_MESSAGE_BYTES,
  MAX_RECORD_BYTES, MESSAGES, NUMBERED, ORDER_BODIES, REASONS, RECORD_BODIES,
  VOCABULARIES,
} from "../schema.js";
import { sha256 } from "../vendor/noble.js";
import { decode, Refusal } from "./cbor.js";
import { hex, openSign1, openSigned } from "./cose.js";
import { checkParts } from "./rules.js";

const KIND_KEY = 1, BODY_KEY = 8, ORDER_BODY_KEY = 9;
const KIND_NAMES = Object.fromEntries(Object.entries(NUMBERED.RecordKind).map(([name, n]) => [n, name]));
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const BY_SEVERAL = new Set(["keyset", "grant"]);
const patterns = new Map();

/** Verify and read a record: {kind, header, body, signature}. Rejects with a Refusal. */
export async function unsealRecord(message, key) {
  const { payload, signature } = await openSign1(message, key, DOMAINS.record, MAX_RECORD_BYTES);
  const value = decode(payload, MAX_RECORD_BYTES);
  if (!(value instanceof Map)) throw new Refusal(REASONS.FIELD_TYPE, "record must be a map");
  const rest = new Map(value);
  const kind = KIND_NAMES[take(rest, KIND_KEY)];
  const body = take(rest, BODY_KEY);
  if (kind === undefined) throw new Refusal(REASONS.WRONG_KIND, "record kind is not known");
  const header = parse("Header", rest, "record");
  header.boot = hex(header.boot);
  return {
    kind,
    header,
    body: parse(RECORD_BODIES[NUMBERED.RecordKind[kind]], body, kind),
    signature: hex(signature),
  };
}

/** Verify and read a checkpoint: {device, size, root, utc_ms}. Rejects with a Refusal. */
export async function unsealCheckpoint(message, key) {
  const { payload } = await openSign1(message, key, DOMAINS.checkpoint, MAX_CHECKPOINT_BYTES);
  return parse("Checkpoint", decode(payload), "checkpoint");
}

/** Verify and read a witness's countersignature, with the keys (by kid) of the witnesses. */
export async function readCountersignature(message, keys) {
  const { payload, kids } = await openSigned(message, keys, DOMAINS.witness, MAX_COUNTERSIGNATURE_BYTES);
  return { ...parse("Countersignature", decode(payload), "countersignature"), kid: kids[0] };
}

/**
 * Verify and read an order of a kind, with the keys (by kid) of those who may sign some:
 * {kind, header, body, hash, kids}. Whether these and so many suffice, the camera judges.
 */
export async function readOrder(kind, message, keys) {
  const { payload, kids } = await openSigned(message, keys, DOMAINS[kind], MAX_ORDER_MESSAGE_BYTES, BY_SEVERAL.has(kind));
  const value = decode(payload, MAX_ORDER_BYTES);
  if (!(value instanceof Map)) throw new Refusal(REASONS.FIELD_TYPE, "order must be a map");
  const rest = new Map(value);
  if (take(rest, KIND_KEY) !== NUMBERED.OrderKind[kind]) throw new Refusal(REASONS.WRONG_KIND, `not an order of kind ${kind}`);
  const body = take(rest, ORDER_BODY_KEY);
  return { kind, header: parse("OrderHeader", rest, "order"), body: parse(ORDER_BODIES[kind], body, kind), hash: sha256(payload), kids };
}

function take(map, key) {
  const value = map.get(key);
  map.delete(key);
  return value;
}

/** Read one message of schema.js from the map it travels as. */
export function parse(name, value, path) {
  if (!(value instanceof Map)) throw new Refusal(REASONS.FIELD_TYPE, `${path} must be a map`);
  const rest = new Map(value);
  const message = {};
  for (const field of MESSAGES[name]) {
    const where = `${path}.${field.name}`;
    if (!rest.has(field.key)) {
      if (!field.optional) throw new Refusal(REASONS.FIELD_MISSING, `${where} is missing`);
      message[field.name] = null;
      continue;
    }
    message[field.name] = parseField(field, take(rest, field.key), where);
  }
  if (rest.size) throw new Refusal(REASONS.FIELD_UNKNOWN, `${path} has unknown keys: ${[...rest.keys()]}`);
  checkParts(name, message, path);
  return message;
}

function parseField(field, value, where) {
  switch (field.type) {
    case "int":
      return inRange(expect(isInteger(value), value, where, "an integer"), value, field, where);
    case "bool":
      return expect(typeof value === "boolean", value, where, "true or false");
    case "bytes":
      expect(value instanceof Uint8Array, value, where, "a byte string");
      inRange(value.length, value.length, field, where);
      return value;
    case "text":
      return parseText(field, expect(typeof value === "string", value, where, "text"), where);
    case "choice":
      expect(typeof value === "string", value, where, "text");
      if (!VOCABULARIES[field.of].includes(value)) {
        throw new Refusal(REASONS.FIELD_RANGE, `${where} is not a ${field.of}`);
      }
      return value;
    case "code":
      inRange(expect(isInteger(value), value, where, "an integer"), value, { low: 0, high: members(field.of).length - 1 }, where);
      return members(field.of)[value];
    case "set": {
      const all = members(field.of);
      inRange(expect(isInteger(value), value, where, "an integer"), value, { low: 0, high: 2 ** all.length - 1 }, where);
      return all.filter((_, place) => Math.floor(value / 2 ** place) % 2);
    }
    case "number":
      expect(isInteger(value), value, where, "an integer");
      return numberName(field.of, value, where);
    case "list":
      expect(Array.isArray(value), value, where, "an array");
      inRange(value.length, value.length, field, where);
      return value.map((item, index) => parseField(field.item, item, `${where}[${index}]`));
    case "nested":
      return parse(field.of, value, where);
    default:
      throw new Refusal(REASONS.FIELD_TYPE, `${where} is of a kind this page does not know`);
  }
}

const members = (name) => (name === "Reason" ? Object.values(REASONS) : VOCABULARIES[name]);

const isInteger = (value) => typeof value === "number" || typeof value === "bigint";

function expect(right, value, where, what) {
  if (!right) throw new Refusal(REASONS.FIELD_TYPE, `${where} must be ${what}`);
  return value;
}

function inRange(result, size, { low, high }, where) {
  if (size < low || size > high) {
    throw new Refusal(REASONS.FIELD_RANGE, `${where} must be ${low} to ${high}, is ${size}`);
  }
  return result;
}

function numberName(vocabulary, value, where) {
  const found = Object.entries(NUMBERED[vocabulary]).find(([, number]) => number === value);
  if (!found) throw new Refusal(REASONS.FIELD_RANGE, `${where} is not a ${vocabulary}`);
  return found[0];
}

function parseText(field, value, where) {
  inRange(value, [...value].length, field, where);
  if (HIDDEN.test(value)) {
    throw new Refusal(REASONS.FIELD_RANGE, `${where} holds a control, direction or invisible character`);
  }
  if (value.normalize("NFC") !== value) {
    throw new Refusal(REASONS.FIELD_RANGE, `${where} is not in Unicode form NFC`);
  }
  if (field.pattern !== undefined) {
    if (!patterns.has(field.pattern)) patterns.set(field.pattern, new RegExp(`^(?:${field.pattern})$`, "u"));
    if (!patterns.get(field.pattern).test(value)) {
      throw new Refusal(REASONS.FIELD_RANGE, `${where} does not match ${field.pattern}`);
    }
  }
  return value;
}
