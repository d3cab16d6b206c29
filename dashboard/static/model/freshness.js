// Which of two records of one device is the newer, and which was seen before.
//
// Within a boot the sequence decides. Between boots the time does, unless the later boot's
// clock was not set yet: then a record that comes live, from a boot never seen, is taken.
// A broker that keeps old records back can still mislead here; only a witness with a memory
// (the recorder, the ledger's checkpoints) tells.

const SEEN_PER_CAMERA = 256;

/** Remembers (boot, sequence) of the last records of one device. */
export class Seen {
  #signatures = new Map();
  #boots = new Set();

  /** "new", "duplicate", or "forked": the same place in the row, signed twice, differently. */
  note(header, signature) {
    const place = `${header.boot}:${header.sequence}`;
    const known = this.#signatures.get(place);
    if (known !== undefined) return known === signature.slice(0, 32) ? "duplicate" : "forked";
    this.#signatures.set(place, signature.slice(0, 32));
    this.#boots.add(header.boot);
    if (this.#signatures.size > SEEN_PER_CAMERA) {
      this.#signatures.delete(this.#signatures.keys().next().value);
    }
    return "new";
  }

  hasBoot(boot) {
    return this.#boots.has(boot);
  }
}

/** Whether `header` is newer than `current` (or null). `bootIsNew`: its boot was never seen. */
export function isNewer(header, current, { retained, bootIsNew }) {
  if (current === null) return true;
  if (header.boot === current.boot) return header.sequence > current.sequence;
  if (header.utc_ms > current.utc_ms) return true;
  return header.clock === "floor" && bootIsNew && !retained;
}
