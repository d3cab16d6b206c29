// The recorder's history and acknowledgements, where the server has a recorder.
//
// Rule: history comes as signed messages and goes through the store like live ones, so the
// recorder is believed no more than the broker is. Its notices are nobody's signature and are
// marked so.

import { addNotice, addOldRefusal } from "./model/camera.js";

const REFRESH_MS = 10_000;

export class RecorderClient {
  #store;
  #tell;
  #begun = Date.now();
  #timer = 0;

  /** `tell` is called when acknowledgements came; `operator` is who signed in at the server, if anybody. */
  constructor(store, tell, operator = null) {
    this.operator = operator;
    this.#store = store;
    this.#tell = tell;
    this.acknowledged = new Map();
    this.reachable = true;
  }

  start() {
    const again = async () => {
      await this.refresh();
      this.#timer = setTimeout(again, REFRESH_MS);
    };
    again();
    return () => clearTimeout(this.#timer);
  }

  async refresh() {
    try {
      const { acknowledgements } = await this.#ask("api/acknowledgements");
      this.acknowledged = new Map();
      for (const one of acknowledgements) {
        const name = `${one.camera} ${one.place}`;
        this.acknowledged.set(name, [...(this.acknowledged.get(name) ?? []), one]);
      }
      this.reachable = true;
    } catch {
      this.reachable = false;
    }
    this.#tell();
  }

  /** Acknowledgements of a standing alarm, newest first. */
  of(camera, alarm) {
    return this.acknowledged.get(`${camera.id} ${placeOf(alarm)}`) ?? [];
  }

  async acknowledge(camera, alarm, who, note) {
    const answer = await fetch(new URL("api/acknowledgements", document.baseURI), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ camera: camera.id, place: placeOf(alarm), who, note }),
    });
    if (answer.status === 401) location.reload(); // the session ended: the server asks who it is
    if (!answer.ok) throw new Error((await answer.json()).error);
    await this.refresh();
  }

  /** Read the last `hours` of one camera into the store. */
  async loadHistory(camera, hours) {
    const query = new URLSearchParams({ camera: camera.id, hours: String(hours) });
    const found = await this.#ask(`api/history?${query}`);
    // Not one after the other: the store keeps their order, and so verifying is not idle.
    await Promise.all(found.records.map(([rest, message]) =>
      this.#store.receiveHistory(camera, rest, fromBase64(message))));
    for (const [at, what, detail] of found.notices) {
      if (at < this.#begun) addNotice(camera, at, what, detail);
    }
    for (const [at, rest, reason, hint] of found.refusals) {
      if (at < this.#begun) addOldRefusal(camera, { at, rest, reason, hint, retained: false });
    }
    for (const [, fault] of found.faults) camera.faults.add(fault);
    this.#store.changed();
  }

  /** Alarms of all cameras in the last `hours`, verified: {records, cleared, acknowledgements, refused, more}. */
  async loadAlarms(hours) {
    const found = await this.#ask(`api/alarms?${new URLSearchParams({ hours: String(hours) })}`);
    const read = await Promise.all(found.alarms.map(async ([id, rest, message]) => {
      const camera = this.#store.cameras.get(id);
      const record = camera && (await this.#store.verify(camera, rest, fromBase64(message)));
      return record && { camera, ...record };
    }));
    const known = read.filter((one) => one !== undefined); // cameras that left the register have no key here
    const records = known.filter((one) => one?.kind === "alarm");
    return { ...found, records, refused: known.length - records.length };
  }

  async #ask(path) {
    const answer = await fetch(new URL(path, document.baseURI));
    if (answer.status === 401) location.reload();
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer.json();
  }
}

const placeOf = (alarm) => `${alarm.header.boot}:${alarm.header.sequence}`;

function fromBase64(text) {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
