// What an operator should make of a camera: its age, how urgent it is, how the fleet stands.

import { findingOf } from "./finding.js";

const STALE_PERIODS = 3;

/** Verdict shown: the last verified one, of a board without a camera its mount's; "none" before there is any. */
export const verdictOf = (camera) => findingOf(camera.report?.body)?.verdict ?? "none";

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
  return worstMark(camera, now) + Math.min(camera.alarms.size, 9) / 10;
}

const VERDICT_MARKS = { __proto__: null, moved: 80, obstructed: 70, cannot_tell: 60 };

function worstMark(camera, now) {
  const verdict = verdictOf(camera);
  const mark = VERDICT_MARKS[verdict];
  if (mark) return mark;
  if (camera.online === false) return 55;
  if (camera.alarms.size) return 50;
  if (camera.signature.state === "refused") return 45;
  if (camera.faults.size) return 40;
  if (isStale(camera, now)) return 30;
  return verdict === "none" ? 20 : 0;
}

/** Worst first; `cameras` come in the order of their names, in which equals stay. */
export function worstFirst(cameras, now) {
  return cameras
    .map((camera) => ({ camera, weight: severity(camera, now) }))
    .sort((a, b) => b.weight - a.weight)
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
