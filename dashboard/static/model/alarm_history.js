// Alarms of the past: beginnings and ends put together, and what stands in a table of them.
//
// Rule: no page here. Only verified records come in; an emptied topic is the broker's word and
// ends an alarm only where no signature does.

/**
 * Rows, newest first: {key, camera, kind, since, detail, header, ended, word, acks} where
 * `header` is the beginning's (null where only the end was kept) and `word` says whose word the
 * end is: "signed", "broker", or null where none is known.
 *
 * @param records [{camera, header, body}] verified records of kind alarm.
 * @param cleared [[at, camera, kind]] topics that were emptied.
 * @param acknowledgements [{camera, place, at, who, note}].
 */
export function historyOf(records, cleared, acknowledgements) {
  const rows = new Map();
  const places = new Map();
  for (const { camera, header, body } of records) {
    const key = `${camera.id} ${body.alarm} ${body.since_ms}`;
    const row = rows.get(key) ?? {
      key, camera, kind: body.alarm, since: body.since_ms, detail: body.detail, header: null, ended: null, word: null, acks: [],
    };
    rows.set(key, row);
    if (body.ended_ms !== null) Object.assign(row, { ended: body.ended_ms, word: "signed" });
    else {
      // A camera that started again says the same alarm again: the first saying counts.
      if (!row.header || header.utc_ms < row.header.utc_ms) Object.assign(row, { header, detail: body.detail });
      places.set(`${camera.id} ${header.boot}:${header.sequence}`, row);
    }
  }
  const found = [...rows.values()].sort((a, b) => b.since - a.since || (a.key < b.key ? -1 : 1));
  for (const [at, camera, kind] of cleared) {
    const row = found.find((one) => one.camera.id === camera && one.kind === kind && one.since <= at);
    if (row && row.word === null) Object.assign(row, { ended: at, word: "broker" });
  }
  for (const one of acknowledgements) places.get(`${one.camera} ${one.place}`)?.acks.push(one);
  return found;
}

/** standing, ended, cleared (by the broker's word) or unknown. */
export function stateOf(row) {
  if (row.word === "signed") return "ended";
  const live = row.camera.alarms.get(row.kind);
  if (live && (live.withheld || live.body.since_ms === row.since)) return "standing";
  return row.word === "broker" ? "cleared" : "unknown";
}

/** Whether a row is to be shown. `acked`: "all", "yes" or "no". */
export function isWanted(row, { search, kind, state, acked }) {
  const { title, title_zh: zh } = row.camera.config;
  const wanted = search.trim().toLowerCase();
  return (!wanted || `${row.camera.id} ${title} ${zh ?? ""}`.toLowerCase().includes(wanted))
    && (kind === "all" || row.kind === kind)
    && (state === "all" || stateOf(row) === state)
    && (acked === "all" || (row.acks.length > 0) === (acked === "yes"));
}

/** A table as CSV (RFC 4180), each cell quoted; a cell that a spreadsheet would run is defused. */
export function toCsv(table) {
  const cell = (value) => {
    const text = String(value ?? "");
    return `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  };
  return `\ufeff${table.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}
