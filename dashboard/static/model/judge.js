// What an operator should make of a camera: its age, how urgent it is, how the fleet stands.

const STALE_PERIODS = 3;

/** Verdict shown: the last verified one, or "none" before there is any. */
export const verdictOf = (camera) => camera.report?.body.view.verdict ?? "none";

/**
 * Milliseconds since the shown data was true, or null without data. Where the camera's clock
 * is set its own time counts, so that a retained report is as old as it says.
 */
export function ageMs(camera, now) {
  if (!camera.report) return null;
  const since = now - camera.report.receivedAt;
  if (camera.report.header.clock !== "synchronised") return since;
  return Math.max(since, now - camera.report.header.utc_ms);
}

export function isStale(camera, now) {
  const age = ageMs(camera, now);
  return age !== null && age > STALE_PERIODS * 1000 * camera.config.report_period_s;
}

/** Worst first: larger is worse. */
export function severity(camera, now) {
  const marks = [0];
  const verdict = verdictOf(camera);
  if (verdict === "moved") marks.push(80);
  if (verdict === "obstructed") marks.push(70);
  if (verdict === "cannot_tell") marks.push(60);
  if (camera.online === false) marks.push(55);
  if (camera.alarms.size) marks.push(50);
  if (camera.signature.state === "refused") marks.push(45);
  if (camera.faults.size) marks.push(40);
  if (isStale(camera, now)) marks.push(30);
  if (verdict === "none") marks.push(20);
  const worst = Math.max(...marks);
  return worst + Math.min(camera.alarms.size, 9) / 10;
}

export function worstFirst(cameras, now) {
  return cameras
    .map((camera) => ({ camera, weight: severity(camera, now) }))
    .sort((a, b) => b.weight - a.weight || (a.camera.sortKey < b.camera.sortKey ? -1 : 1))
    .map(({ camera }) => camera);
}

/** How many cameras stand where. */
export function counts(cameras, now) {
  const result = { same: 0, moved: 0, obstructed: 0, cannot_tell: 0, none: 0, offline: 0, stale: 0, alarms: 0, refused: 0 };
  for (const camera of cameras) {
    result[verdictOf(camera)] += 1;
    if (camera.online === false) result.offline += 1;
    if (isStale(camera, now)) result.stale += 1;
    if (camera.alarms.size) result.alarms += 1;
    if (camera.signature.state === "refused") result.refused += 1;
  }
  return result;
}
