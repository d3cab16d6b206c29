// Flags about people and things: whether one still waits for the operator, and how it is closed.
//
// Rule: no page here. The camera counts the flags that wait and names the oldest; which order closed
// which one is known where the order was seen and checked here. The law gives no hours
// (Anhui Order 270 Art. 17), so the clock only counts.

import { hex } from "../wire/cose.js";

const CLOSES = ["reported", "dismissed"];
const ID_DIGITS = 16;

/** What is done to the camera itself is an alarm that stands by itself. */
export const startsClock = ({ event, event_id: id }) => id !== null && !/^(camera|feed)_/.test(event);

/**
 * How a flag stands: {state: "reported" | "dismissed", why, who}, {state: "closed"},
 * {state: "waiting"}, {state: "unsaid"}, or null where no clock runs from it. `at`: of the record
 * that it came in.
 */
export function standingOf(camera, event, at) {
  if (!startsClock(event)) return null;
  const order = closingOrder(camera, hex(event.event_id));
  if (order) return { state: order.body.name, why: order.body.argument.slice(ID_DIGITS + 1), who: order.signers };
  const report = camera.report;
  if (!report || report.header.utc_ms < at) return { state: "waiting" }; // it knows of none so young
  if (!report.body.events) return { state: "unsaid" };
  const { unreported, oldest_ms: oldest } = report.body.events;
  return { state: unreported > 0 && (oldest === null || event.started_ms >= oldest) ? "waiting" : "closed" };
}

/** The order that the camera obeyed, of those that were checked here. */
function closingOrder(camera, id) {
  const obeyed = new Set(camera.orders.filter(({ verdict }) => verdict.accepted).map(({ verdict }) => hex(verdict.order_hash)));
  return camera.told.find(({ kind, body, message }) =>
    kind === "command" && CLOSES.includes(body.name) && body.argument?.slice(0, ID_DIGITS).toLowerCase() === id && obeyed.has(message));
}

/** What the desk types to close a flag, its reference left open. */
export const closingCommand = (camera, event) =>
  `viewkeeper-authority command sign DESK --camera ${camera.config.camera} --name reported --argument "${hex(event.event_id)} …"`;
