// Deterministic CBOR (RFC 8949 §4.2.1), the strict subset of protocol/cbor.py.
//
// Rule: bytes in, values out; no I/O. The decoder refuses every deviation (longer heads than
// needed, unsorted or repeated keys, floats, tags, leftovers), so what it returns has exactly
// one encoding and nothing need be encoded again to compare. Of several faults it names the
// one that protocol/cbor.py names: first what is not well-formed, then in the order of LATER.
//
// Integers beyond 2^53 come back as BigInt: no field of ours may hold one, and a Number
// would round it into range.

import { MAX_DEPTH, REASONS } from "../schema.js";

export class Refusal extends Error {
  constructor(reason, hint) {
    super(`${hint} [${reason}]`);
    this.reason = reason;
    this.hint = hint;
  }
}

const UINT = 0, NINT = 1, BSTR = 2, TSTR = 3, ARRAY = 4, MAP = 5, TAG = 6;
const MAX_SAFE = 2n ** 53n;
const LATER = [
  [REASONS.BAD_UTF8, "a text string is not UTF-8"],
  [REASONS.DUPLICATE_KEY, "a map holds the same key twice"],
  [REASONS.TYPE_NOT_ALLOWED, "map keys are integers or text"],
  [REASONS.NOT_DETERMINISTIC, "not in the form of RFC 8949 §4.2.1 (shortest, sorted)"],
];
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decode `data` (Uint8Array), which must be one item in its one deterministic form. */
export function decode(data, maxBytes = 65536) {
  if (data.length > maxBytes) {
    throw new Refusal(REASONS.TOO_LARGE, `${data.length} bytes where at most ${maxBytes} are read`);
  }
  const reader = new Reader(data);
  const value = reader.item(1);
  if (reader.position !== data.length) {
    throw new Refusal(REASONS.TRAILING_BYTES, `${data.length - reader.position} bytes left over`);
  }
  for (const [reason, hint] of LATER) if (reader.later.has(reason)) throw new Refusal(reason, hint);
  return value;
}

class Reader {
  constructor(data) {
    this.data = data;
    this.position = 0;
    this.later = new Set(); // faults of bytes that are well-formed all the same
  }

  item(depth) {
    const initial = this.byte();
    const major = initial >> 5;
    if (major === 7) return this.simple(initial);
    const argument = this.argument(initial & 31);
    if (major === TAG) throw new Refusal(REASONS.TYPE_NOT_ALLOWED, `tag ${argument} is not read`);
    if (major === UINT) return asInteger(argument);
    if (major === NINT) return asInteger(-1n - argument);
    if (major === BSTR) return this.take(argument).slice();
    if (major === TSTR) return this.text(argument);
    if (depth > MAX_DEPTH) throw new Refusal(REASONS.TOO_DEEP, `nested deeper than ${MAX_DEPTH}`);
    // Each item takes a byte at least: a count that cannot be true is refused before any loop.
    const items = major === MAP ? 2n * argument : argument;
    if (items > BigInt(this.data.length - this.position)) {
      throw new Refusal(REASONS.TRUNCATED, "a container promises more than is there");
    }
    return major === ARRAY ? this.array(Number(argument), depth) : this.map(Number(argument), depth);
  }

  byte() {
    if (this.position >= this.data.length) throw new Refusal(REASONS.TRUNCATED, "the data ends early");
    return this.data[this.position++];
  }

  simple(initial) {
    if (initial === 0xf4) return false;
    if (initial === 0xf5) return true;
    if (initial === 0xf6) return null;
    if (initial === 0xff) throw new Refusal(REASONS.INDEFINITE_LENGTH, "indefinite lengths are not read");
    throw new Refusal(REASONS.TYPE_NOT_ALLOWED, "no floats, no simple values but three");
  }

  argument(info) {
    if (info < 24) return BigInt(info);
    if (info === 31) throw new Refusal(REASONS.INDEFINITE_LENGTH, "indefinite lengths are not read");
    if (info > 27) throw new Refusal(REASONS.TYPE_NOT_ALLOWED, "a reserved additional information value");
    const size = 1 << (info - 24);
    let value = 0n;
    for (let i = 0; i < size; i++) value = (value << 8n) | BigInt(this.byte());
    // Shortest form: what fits a shorter head must be in one.
    const least = size === 1 ? 24n : 1n << BigInt(4 * size);
    if (value < least) this.later.add(REASONS.NOT_DETERMINISTIC);
    return value;
  }

  take(length) {
    if (length > BigInt(this.data.length - this.position)) {
      throw new Refusal(REASONS.TRUNCATED, "a string runs past the end");
    }
    const start = this.position;
    this.position += Number(length);
    return this.data.subarray(start, this.position);
  }

  text(length) {
    const bytes = this.take(length);
    try {
      return utf8.decode(bytes);
    } catch {
      this.later.add(REASONS.BAD_UTF8);
      return "";
    }
  }

  array(count, depth) {
    const items = [];
    for (let i = 0; i < count; i++) items.push(this.item(depth + 1));
    return items;
  }

  map(count, depth) {
    const entries = new Map();
    let previous = null;
    for (let i = 0; i < count; i++) {
      const start = this.position;
      const key = this.item(depth + 1);
      if (!["number", "bigint", "string"].includes(typeof key)) this.later.add(REASONS.TYPE_NOT_ALLOWED);
      if (entries.has(key)) this.later.add(REASONS.DUPLICATE_KEY);
      const encoded = this.data.subarray(start, this.position);
      if (previous !== null && compare(previous, encoded) > 0) this.later.add(REASONS.NOT_DETERMINISTIC);
      previous = encoded;
      entries.set(key, this.item(depth + 1));
    }
    return entries;
  }
}

function asInteger(value) {
  return value <= MAX_SAFE && value >= -MAX_SAFE ? Number(value) : value;
}

/** Bytewise order, a prefix first. */
export function compare(a, b) {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

/** A byte string as CBOR writes it; up to 2^32 bytes. */
export function byteString(bytes) {
  return concat([head(BSTR, bytes.length), bytes]);
}

/** A text string as CBOR writes it. */
export function textString(text) {
  const bytes = new TextEncoder().encode(text);
  return concat([head(TSTR, bytes.length), bytes]);
}

function head(major, argument) {
  const top = major << 5;
  if (argument < 24) return Uint8Array.of(top | argument);
  if (argument < 0x100) return Uint8Array.of(top | 24, argument);
  if (argument < 0x10000) return Uint8Array.of(top | 25, argument >> 8, argument & 255);
  return Uint8Array.of(top | 26, argument >>> 24, (argument >> 16) & 255, (argument >> 8) & 255, argument & 255);
}

/** Byte arrays one after another. */
export function concat(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
