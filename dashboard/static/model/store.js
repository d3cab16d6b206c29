// All cameras of the register, and the one way messages reach them: receive().
//
// Rule: knows no MQTT and no page. Messages of one camera are taken in the order they came,
// although verifying is asynchronous.

import { REASONS } from "../schema.js";
import { Refusal } from "../wire/cbor.js";
import { VerifyKey, fromHex, hex } from "../wire/cose.js";
import { sha256 } from "../vendor/noble.js";
import { readCountersignature, readOrder, unsealCheckpoint, unsealRecord } from "../wire/records.js";
import { parseTopic } from "../wire/topics.js";
import {
  applyAlarmCleared, applyCheckpoint, applyConfigOrder, applyCountersignature, applyOrder, applyRecord, applyRefusal, applyStatus, doubtAlarms,
  dropUnconfirmedAlarms, newCamera,
} from "./camera.js";

const WAITING_PER_CAMERA = 500;
const KINDS = {
  __proto__: null,
  report: ["report"],
  reply: ["verdict"],
  access: ["access"],
  "config/applied": ["verdict"],
  "update/progress": ["update"],
  history: ["report", "event", "alarm", "verdict", "gap", "clock_fix", "access", "update"],
};

/** Kinds of record that may travel on a topic; null where no record of a camera does. */
function kindsOn(rest) {
  if (rest.startsWith("event/")) return ["event"];
  if (rest.startsWith("alarm/")) return ["alarm"];
  return KINDS[rest] ?? null;
}

/** Keys that the register names beside the cameras', and whose they are. */
class Keys {
  constructor(rows = []) {
    this.byKid = new Map();
    this.people = new Map();
    for (const { public: raw, algorithm, person } of rows) {
      const key = new VerifyKey(fromHex(raw), algorithm);
      this.byKid.set(key.kid, key);
      this.people.set(key.kid, person);
    }
  }
}

/** What travels beside records, each signed by somebody else for something else. */
const READERS = {
  __proto__: null, // a topic may be called "constructor"
  checkpoint: async (store, camera, payload, now) => {
    const checkpoint = await unsealCheckpoint(payload, camera.key);
    checkDevice(camera, checkpoint.device);
    applyCheckpoint(camera, checkpoint, now);
  },
  witness: async (store, camera, payload) => {
    if (!store.witnesses.byKid.size) return void camera.unchecked.add("witness");
    const statement = await readCountersignature(payload, store.witnesses.byKid);
    checkDevice(camera, statement.device);
    applyCountersignature(camera, statement, store.witnesses.people.get(statement.kid));
  },
  "config/desired": async (store, camera, payload, now) => {
    if (!store.signers.byKid.size) return void camera.unchecked.add("config");
    const order = await readOrder("config", payload, store.signers.byKid);
    checkDevice(camera, order.header.audience);
    const signers = order.kids.map((kid) => store.signers.people.get(kid));
    applyConfigOrder(camera, order, signers);
    applyOrder(camera, { ...order, signers, message: hex(sha256(payload)), at: now });
  },
  keyset: orderReader("keyset"),
  lifecycle: orderReader("lifecycle"),
  grant: orderReader("grant"),
};

/** Orders that no broker keeps: seen by who was there when they were sent. */
function orderReader(kind) {
  return async (store, camera, payload, now) => {
    if (!store.orderers.byKid.size) return void camera.unchecked.add("orders");
    const order = await readOrder(kind, payload, store.orderers.byKid);
    checkDevice(camera, order.header.audience);
    const signers = order.kids.map((kid) => store.orderers.people.get(kid));
    applyOrder(camera, { ...order, signers, message: hex(sha256(payload)), at: now });
  };
}

const COMMAND = orderReader("command");

const readerOf = (rest) => READERS[rest] ?? (rest.startsWith("command/") ? COMMAND : undefined);

export class Store {
  #queues = new Map();
  #listeners = new Set();

  constructor(config, now = () => Date.now()) {
    this.root = config.topics_root;
    this.now = now;
    this.strangers = 0;
    this.witnesses = new Keys(config.witness_keys);
    this.signers = new Keys(config.signers);
    this.orderers = new Keys(config.order_keys?.length ? [...config.order_keys, ...config.signers] : []);
    this.cameras = new Map();
    const cameras = config.cameras.map((entry) =>
      newCamera(entry, new VerifyKey(fromHex(entry.device_key), entry.device_algorithm)));
    cameras.sort((a, b) => (a.sortKey < b.sortKey ? -1 : 1));
    for (const camera of cameras) this.cameras.set(camera.id, camera);
  }

  onChange(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Take one message; resolves when it has had its effect. */
  receive(topic, payload, retained = false) {
    const address = parseTopic(this.root, topic);
    if (!address) return Promise.resolve();
    const camera = this.cameras.get(`${address.site}/${address.camera}`);
    if (!camera) {
      this.strangers += 1;
      this.changed();
      return Promise.resolve();
    }
    return this.#inTurn(camera, address.rest, () => this.#take(camera, address.rest, payload, retained));
  }

  /** Take a signed message out of a recorder's memory: as history, never as the present. */
  receiveHistory(camera, rest, message) {
    return this.#inTurn(camera, rest, async () => {
      try {
        const record = await this.#unseal(camera, rest, message);
        applyRecord(camera, rest, record, { retained: false, recorded: true, now: this.now() });
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.#refuse(camera, "recorder", error, false);
      }
    });
  }

  /** Read a message of a recorder and change nothing: the record, or null where it does not hold. */
  async verify(camera, rest, message) {
    try {
      return await this.#unseal(camera, rest, message);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return null;
    }
  }

  /** Call when a connection begins, and when what the broker keeps has arrived. */
  beginSession() {
    for (const camera of this.cameras.values()) doubtAlarms(camera);
  }

  settleSession() {
    for (const camera of this.cameras.values()) {
      dropUnconfirmedAlarms(camera, this.now());
      camera.version += 1;
    }
    this.changed();
  }

  #inTurn(camera, rest, work) {
    const queue = this.#queues.get(camera.id) ?? { tail: Promise.resolve(), waiting: 0 };
    this.#queues.set(camera.id, queue);
    if (queue.waiting >= WAITING_PER_CAMERA) {
      // Somebody floods this camera's topics faster than signatures can be checked.
      this.#refuse(camera, rest, new Refusal(REASONS.TOO_LARGE, "more messages than can be verified"), false);
      return Promise.resolve();
    }
    queue.waiting += 1;
    queue.tail = queue.tail.then(work).finally(() => {
      queue.waiting -= 1;
      camera.version += 1;
      this.changed();
    });
    return queue.tail;
  }

  async #take(camera, rest, payload, retained) {
    const now = this.now();
    if (rest === "status") {
      const text = new TextDecoder().decode(payload);
      if (text === "online" || text === "offline") applyStatus(camera, text === "online", now);
      return;
    }
    if (rest.startsWith("alarm/") && payload.length === 0) {
      applyAlarmCleared(camera, rest.slice(6), now);
      return;
    }
    const kinds = kindsOn(rest);
    const reader = readerOf(rest);
    if ((!kinds && !reader) || payload.length === 0) return;
    try {
      if (reader) return void (await reader(this, camera, payload, now));
      const record = await this.#unseal(camera, rest, payload);
      applyRecord(camera, rest, record, { retained, now });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#refuse(camera, rest, error, retained);
    }
  }

  /** Verify a record and that it may travel where it did. */
  async #unseal(camera, rest, message) {
    const record = await unsealRecord(message, camera.key);
    checkDevice(camera, record.header.device);
    if (!kindsOn(rest)?.includes(record.kind)) {
      throw new Refusal(REASONS.WRONG_KIND, `a record of kind ${record.kind} on topic ${rest}`);
    }
    if (record.kind === "event" && rest !== "history" && rest !== `event/${record.body.event}`) {
      throw new Refusal(REASONS.WRONG_KIND, `event ${record.body.event} on topic ${rest}`);
    }
    return record;
  }

  #refuse(camera, rest, { reason, hint }, retained) {
    applyRefusal(camera, { rest, reason, hint, now: this.now(), retained });
  }

  /** Tell whoever draws. */
  changed() {
    for (const listener of this.#listeners) listener();
  }
}

function checkDevice(camera, device) {
  if (device !== camera.config.camera) {
    throw new Refusal(REASONS.OTHER_DEVICE, `a record of ${device} on the topics of ${camera.config.camera}`);
  }
}

