// Which alarms stand. What the camera signed decides; an emptied topic is only the broker's word.
//
// Rule: an alarm ends by its own signed end or by a newer signed report that does not name it.
// A camera whose reports do not name alarms cannot be held to that: there the broker's word counts.

import { isNewer } from "./freshness.js";

/** A signed alarm; `order` as for isNewer(). */
export function stand(camera, record, order, now) {
  const id = record.body.alarm;
  if (!isNewer(record.header, camera.alarmHeads.get(id) ?? null, order)) return;
  camera.alarmHeads.set(id, record.header);
  const report = camera.report;
  if (report?.body.alarms && !report.body.alarms.includes(id) && isBefore(record.header, report.header)) return;
  camera.alarms.set(id, { id, ...record, receivedAt: now, confirmed: true, cleared: false, withheld: false });
}

/** A signed end, also out of history: it ends what the same boot raised before it. */
export function end(camera, record) {
  const { body: { alarm: id }, header } = record;
  const head = camera.alarmHeads.get(id);
  if (head && !isBefore(head, header)) return;
  camera.alarmHeads.set(id, header);
  const standing = camera.alarms.get(id);
  if (standing && isBefore(standing.header, header)) camera.alarms.delete(id);
}

/** A newer signed report: returns what it ends, and lets stand what the broker did not show. */
export function weigh(camera, report) {
  const { header, body: { alarms: named } } = report;
  if (!named) return [];
  const ended = [...camera.alarms.values()].filter((one) => !named.includes(one.id) && isBefore(one.header, header));
  for (const one of ended) camera.alarms.delete(one.id);
  for (const id of named) {
    const head = camera.alarmHeads.get(id);
    if (camera.alarms.has(id) || (head?.boot === header.boot && head.sequence > header.sequence)) continue;
    const body = { alarm: id, since_ms: header.utc_ms, detail: "" };
    camera.alarms.set(id, { id, header, body, confirmed: true, cleared: false, withheld: true });
  }
  return ended;
}

/** The topic was emptied: returns the alarm if that alone ends it, else null. */
export function clear(camera, id) {
  const standing = camera.alarms.get(id);
  if (!standing) return null;
  if (camera.report?.body.alarms) {
    standing.cleared = true;
    return null;
  }
  camera.alarms.delete(id);
  return standing;
}

export function confirm(camera, id) {
  const standing = camera.alarms.get(id);
  if (standing) Object.assign(standing, { confirmed: true, cleared: false });
}

/** Whether one header of a camera is older than another. */
const isBefore = (one, other) => (one.boot === other.boot ? one.sequence < other.sequence : one.utc_ms < other.utc_ms);
