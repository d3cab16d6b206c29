// What is known of one camera, and how each verified record changes it.
//
// Rule: only what was verified reaches `report`, `alarms`, `orders` and `checkpoint`. What
// failed goes to `refused` and nowhere else. `online` is the broker's word and marked as such.

import { clear, confirm, end, stand, weigh } from "./alarms.js";
import { findingOf, isBoard, measuredOf } from "./finding.js";
import { Seen, isNewer } from "./freshness.js";

const KEEP = { drift: 1500, events: 200, orders: 50, told: 50, looks: 100, refused: 50 };
const FUTURE_MS = 5 * 60 * 1000;

export function newCamera(config, key) {
  return {
    id: `${config.site}/${config.camera}`,
    // "cam-2" before "cam-10"
    sortKey: `${config.site}/${config.camera}`.replace(/\d+/g, (digits) => digits.padStart(12, "0")),
    config,
    key,
    version: 0, // grows with every message, so that what is drawn knows when to be drawn anew
    online: null,
    report: null,
    signature: { state: "none", reason: null, at: null },
    drift: [],
    events: [],
    alarms: new Map(),
    orders: [],
    told: [],
    looks: [],
    update: null,
    checkpoint: null,
    witnessed: null,
    desired: null,
    unchecked: new Set(),
    refused: [],
    refusedCount: 0,
    olderCount: 0,
    faults: new Set(),
    seen: new Seen(),
    alarmHeads: new Map(),
  };
}

export function applyStatus(camera, online, now) {
  if (camera.online !== null && camera.online !== online) {
    addEvent(camera, { at: now, what: online ? "online" : "offline", source: "live", signed: false });
  }
  camera.online = online;
}

/** A message that is not what it claims: shown, counted, and of no effect. */
export function applyRefusal(camera, { rest, reason, hint, now, retained }) {
  camera.refusedCount += 1;
  keep(camera.refused, { at: now, rest, reason, hint, retained }, KEEP.refused);
  if (rest === "report") camera.signature = { state: "refused", reason, at: now };
}

/**
 * A verified record that arrived on topic `rest`; `recorded`: out of a recorder's memory,
 * which like the topic `history` tells of the past and never of the present.
 */
export function applyRecord(camera, rest, record, { retained, recorded = false, now }) {
  const bootIsNew = !camera.seen.hasBoot(record.header.boot);
  const place = camera.seen.note(record.header, record.signature);
  if (rest === "report" && !recorded) camera.signature = { state: "verified", reason: null, at: now };
  if (rest.startsWith("alarm/") && !recorded && record.body.ended_ms === null) confirm(camera, record.body.alarm);
  if (place === "forked") {
    camera.faults.add("forked");
    return;
  }
  if (record.header.clock === "synchronised" && record.header.utc_ms > now + FUTURE_MS) {
    camera.faults.add("clock_ahead");
  }
  const source = rest === "history" ? "history" : recorded ? "recorded" : retained ? "retained" : "live";
  const past = rest === "history" || recorded;
  // The same record may come as history first and as the present later, or the other way
  // round: `fresh` keeps it from being listed twice, the order of the row from being shown twice.
  const order = { retained, bootIsNew, fresh: place === "new" };
  const handlers = { report, event, alarm, verdict, gap, clock_fix: clockFix, access, update };
  handlers[record.kind](camera, record, { rest, source, order, now, past });
}

function report(camera, record, { source, order, now, past }) {
  addDrift(camera, record);
  if (past) return;
  if (!isNewer(record.header, camera.report?.header ?? null, order)) {
    if (order.fresh) camera.olderCount += 1;
    return;
  }
  watchLedger(camera, record.body.ledger_size, record.body.ledger_root);
  const before = findingOf(camera.report?.body);
  camera.report = { ...record, receivedAt: now, retained: order.retained };
  for (const one of weigh(camera, record)) addAlarmEnd(camera, { ...stamp(record), alarm: one.body, source, signed: true });
  const found = findingOf(record.body);
  if (before && (before.verdict !== found.verdict || before.cause !== found.cause)) {
    addEvent(camera, { ...stamp(record), what: isBoard(record.body) ? "mount" : "view", found, source, signed: true });
  }
}

function event(camera, record, { source }) {
  addEvent(camera, { ...stamp(record), what: "event", event: record.body, source, signed: true });
}

function alarm(camera, record, { source, order, now, past }) {
  if (record.body.ended_ms !== null) {
    end(camera, record);
    addAlarmEnd(camera, { ...stamp(record), alarm: record.body, source, signed: true });
    return;
  }
  addEvent(camera, { ...stamp(record), what: "alarm_began", alarm: record.body, source, signed: true });
  if (!past) stand(camera, record, order, now);
}

/** The topic of an alarm was emptied. Nobody signs an empty message: the broker's word. */
export function applyAlarmCleared(camera, id, now) {
  const ended = clear(camera, id);
  if (ended) addAlarmEnd(camera, { at: now, alarm: ended.body, source: "live", signed: false });
}

function verdict(camera, record, { source }) {
  const entry = { ...stamp(record), what: "order", verdict: record.body, source, signed: true };
  if (!camera.orders.some((one) => one.place === entry.place)) insert(camera.orders, entry, KEEP.orders);
  addEvent(camera, entry);
}

function gap(camera, record, { source }) {
  addEvent(camera, { ...stamp(record), what: "gap", gap: record.body, source, signed: true });
}

function clockFix(camera, record, { source }) {
  addEvent(camera, { ...stamp(record), what: "clock_fix", fix: record.body, source, signed: true });
}

/** A look at footage, entered in the camera's register of access. */
function access(camera, record, { source }) {
  const entry = { ...stamp(record), what: "access", access: record.body, source, signed: true };
  if (!camera.looks.some((one) => one.place === entry.place)) insert(camera.looks, entry, KEEP.looks);
  addEvent(camera, entry);
}

/** How far a signed program got onto the device. */
function update(camera, record, { source, order, past }) {
  addEvent(camera, { ...stamp(record), what: "update", update: record.body, source, signed: true });
  if (!past && isNewer(record.header, camera.update?.header ?? null, order)) camera.update = record;
}

/** A verified checkpoint of the ledger. */
export function applyCheckpoint(camera, checkpoint, now) {
  watchLedger(camera, checkpoint.size, checkpoint.root);
  if (camera.checkpoint && checkpoint.size < camera.checkpoint.size) return;
  camera.checkpoint = { ...checkpoint, receivedAt: now };
}

/** A countersignature whose signature held; the one over the most entries counts. */
export function applyCountersignature(camera, statement, who) {
  watchLedger(camera, statement.size, statement.root);
  if (camera.witnessed && statement.size < camera.witnessed.size) return;
  camera.witnessed = { ...statement, who };
}

/** How the witness stands to the camera's ledger: none, behind, whole, ahead. */
export function witnessStanding(camera) {
  const said = camera.witnessed;
  if (!said) return "none";
  const shown = Math.max(camera.checkpoint?.size ?? 0, camera.report?.body.ledger_size ?? 0);
  if (said.size > shown) return "ahead";
  return said.size === camera.checkpoint?.size ? "whole" : "behind";
}

/** A configuration whose signatures held. An older one never replaces a newer. */
export function applyConfigOrder(camera, order, signers) {
  const before = camera.desired?.header;
  const { epoch, sequence } = order.header;
  if (before && (epoch < before.epoch || (epoch === before.epoch && sequence < before.sequence))) return;
  camera.desired = { ...order, signers };
}

/** An order whose signatures held, by the hash of its message as a verdict on it names it. */
export function applyOrder(camera, order) {
  if (!camera.told.some((one) => one.message === order.message)) insert(camera.told, order, KEEP.told);
}

/** Whether the configuration that was read is the one the camera says it obeys. */
export function isInForce(camera) {
  const said = camera.report?.body.config_hash;
  return Boolean(said?.length && camera.desired && said.every((byte, at) => byte === camera.desired.hash[at]));
}

/** The tolerance to draw: of the signed configuration in force, else of the register, else null. */
export function toleranceOf(camera) {
  if (!isInForce(camera)) return camera.config.tolerance ?? null;
  const { pan_mdeg: pan, tilt_mdeg: tilt, roll_mdeg: roll, zoom_ppm: zoom } = camera.desired.body.tolerance;
  return { pan_deg: pan / 1000, tilt_deg: tilt / 1000, roll_deg: roll / 1000, zoom: zoom / 1e6 };
}

/** A ledger only grows, and one size has one root (RFC 6962 §2.1). */
function watchLedger(camera, size, root) {
  const known = [camera.checkpoint, camera.witnessed, camera.report && {
    size: camera.report.body.ledger_size,
    root: camera.report.body.ledger_root,
  }].filter(Boolean);
  for (const one of known) {
    // A report has only the beginning of its root.
    if (one.size === size && size > 0 && one.root.some((byte, at) => at < root.length && byte !== root[at])) {
      camera.faults.add("ledger_forked");
    }
  }
}

/** Alarms are asked for anew after every connection: what the broker no longer holds ended. */
export function doubtAlarms(camera) {
  for (const alarm of camera.alarms.values()) alarm.confirmed = false;
}

export function dropUnconfirmedAlarms(camera, now) {
  for (const [id, alarm] of camera.alarms) if (!alarm.confirmed) applyAlarmCleared(camera, id, now);
}

/** One end, once: the camera says it by a record of its own and by its next report. */
function addAlarmEnd(camera, entry) {
  const { alarm: kind, since_ms: since } = entry.alarm;
  const isSame = ({ what, signed, alarm: other }) =>
    what === "alarm_ended" && signed && other.alarm === kind && other.since_ms === since;
  if (!camera.events.some(isSame)) addEvent(camera, { ...entry, what: "alarm_ended" });
}

function addDrift(camera, record) {
  const { at, place } = stamp(record);
  const point = { at, place, verdict: findingOf(record.body).verdict, move: measuredOf(record.body) };
  if (camera.drift.some((one) => one.at === at && one.place === place)) return;
  insertBy(camera.drift, point, KEEP.drift, (a, b) => a.at - b.at);
}

/** What a recorder noted although nobody signed it: online, offline, alarm_ended. */
export function addNotice(camera, at, what, detail) {
  if (camera.events.some((one) => one.at === at && one.what === what)) return;
  const alarm = what === "alarm_ended" ? { alarm: detail } : null;
  addEvent(camera, { at, what, alarm, source: "recorder", signed: false });
}

/** A message that a recorder refused before this page was opened. */
export function addOldRefusal(camera, entry) {
  if (camera.refused.some((one) => one.at === entry.at && one.rest === entry.rest)) return;
  camera.refusedCount += 1;
  insert(camera.refused, entry, KEEP.refused);
}

const stamp = (record) => ({
  at: record.header.utc_ms,
  clock: record.header.clock,
  place: `${record.header.boot}:${record.header.sequence}`,
});

function addEvent(camera, entry) {
  if (entry.place && camera.events.some((one) => one.place === entry.place && one.what === entry.what)) return;
  insert(camera.events, entry, KEEP.events);
}

/** Newest first. */
const insert = (list, entry, limit) => insertBy(list, entry, limit, (a, b) => b.at - a.at, "first");

function insertBy(list, entry, limit, order, kept = "last") {
  let at = list.length;
  if (kept === "first") {
    at = list.findIndex((one) => order(entry, one) <= 0);
    if (at < 0) at = list.length;
  } else {
    while (at > 0 && order(list[at - 1], entry) > 0) at -= 1;
  }
  list.splice(at, 0, entry);
  if (list.length > limit) list.splice(kept === "first" ? limit : 0, list.length - limit);
}

function keep(list, entry, limit) {
  list.unshift(entry);
  if (list.length > limit) list.length = limit;
}
