// Zones and lines as they are drawn: what is wrong with them, and their text for the desk.
//
// Rule: no page here. Places are ten-thousandths of the registered view, as on the wire.

import { MAX_POINTS, MAX_ZONES, MESSAGES, PLACE_SCALE, VOCABULARIES, WATCHED } from "../schema.js";

export const NUMBERS = ["dwell_s", "crowd", "speed"];
const FIELD = Object.fromEntries(MESSAGES.Zone.map((field) => [field.name, field]));
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const USUAL = { dwell_s: 60, crowd: 8, speed: PLACE_SCALE / 2 };

export const newZone = (kind) => ({
  name: "", kind, points: [], watch: [], direction: null, dwell_s: null, crowd: null, speed: null,
});

export const mayGrow = (zones) => zones.length < MAX_ZONES;
export const wantsPoint = (zone) => zone.points.length < (zone.kind === "line" ? 2 : MAX_POINTS);

/** Lowest and highest value of a number of a zone, in the unit a person reads. */
export function rangeOf(name) {
  const scale = name === "speed" ? PLACE_SCALE : 1;
  return { low: FIELD[name].low / scale, high: FIELD[name].high / scale };
}

/** The zone with one kind of event flagged or not, and the numbers that this needs. */
export function withWatch(zone, event, on) {
  const watch = WATCHED[zone.kind].filter((one) => (one === event ? on : zone.watch.includes(one)));
  const numbers = NUMBERS.map((name) => [name, needs(watch, name) ? zone[name] ?? USUAL[name] : null]);
  const wrongWay = watch.includes("wrong_way") && !["forward", "backward"].includes(zone.direction);
  return { ...zone, watch, ...Object.fromEntries(numbers), direction: wrongWay ? "backward" : zone.direction };
}

export const needs = (watch, name) => watch.some((one) => WATCHED[name].includes(one));
export const directionsOf = (zone) => VOCABULARIES.LineDirection.filter((one) => !(one === "both" && zone.watch.includes("wrong_way")));

/** Which way "forward" is: a unit vector across the line, in the picture (y down). */
export function forwardOf([[x0, y0], [x1, y1]], aspect) {
  const [dx, dy] = [x1 - x0, (y1 - y0) / aspect];
  const length = Math.hypot(dx, dy) || 1;
  return [-dy / length, dx / length];
}

/** What is wrong: [{zone (index), fault, ...numbers}]; by the rules of protocol/zones.py. */
export function faultsOf(zones) {
  const found = [];
  zones.forEach((zone, at) => {
    const add = (fault, values = {}) => found.push({ zone: at, fault, ...values });
    const length = [...zone.name].length;
    if (length < FIELD.name.low || length > FIELD.name.high || HIDDEN.test(zone.name)) add("name");
    if (zones.findIndex((one) => one.name === zone.name) < at) add("names");
    const whole = zone.kind === "line" ? zone.points.length === 2 : zone.points.length >= 3;
    if (!whole) add(zone.kind);
    if (new Set(zone.points.map(String)).size < zone.points.length) add("same");
    const { low, high } = FIELD.watch;
    if (zone.watch.length < low || zone.watch.length > high) add("watch", { n: high });
    if (zone.watch.includes("wrong_way") && !["forward", "backward"].includes(zone.direction)) add("wrong_way");
    for (const name of NUMBERS) {
      if (!needs(zone.watch, name)) continue;
      const value = zone[name];
      if (!Number.isInteger(value) || value < FIELD[name].low || value > FIELD[name].high) add(name, rangeOf(name));
    }
  });
  return found;
}

const share = (n) => (n / PLACE_SCALE).toFixed(4);

/** The zones as `viewkeeper-authority config` reads them. */
export function toToml(zones) {
  return zones.map((zone) => {
    const rows = [
      "[[zones]]",
      `name = ${JSON.stringify(zone.name)}`,
      `kind = ${JSON.stringify(zone.kind)}`,
      `points = [${zone.points.map(([x, y]) => `[${share(x)}, ${share(y)}]`).join(", ")}]`,
      `watch = [${zone.watch.map((one) => JSON.stringify(one)).join(", ")}]`,
    ];
    if (zone.kind === "line" && zone.direction) rows.push(`direction = ${JSON.stringify(zone.direction)}`);
    if (needs(zone.watch, "dwell_s")) rows.push(`dwell_s = ${zone.dwell_s}`);
    if (needs(zone.watch, "crowd")) rows.push(`crowd = ${zone.crowd}`);
    if (needs(zone.watch, "speed")) rows.push(`speed = ${share(zone.speed)}`);
    return `${rows.join("\n")}\n`;
  }).join("\n");
}

export const clampPlace = ([x, y]) => [x, y].map((n) => Math.round(Math.min(PLACE_SCALE, Math.max(0, n))));
