// A sign's plan, as `viewkeeper-agent sign preview --out sign.json` writes it: read strictly, for
// it is any file that somebody opens; and whether it says what the signed configuration wants.
//
// Rule: no page here. A plan: {version, width, height, header, lines: [{text, font_px, box:
// [left, top, right, bottom], inverted}], qr: {left, top, module, rows: ["0101…"]} | null}.

import { HEADLINES, SCAN, paragraphsOf } from "./board.js";

export const MAX_BYTES = 256 * 1024;
const SIZE = { low: 32, high: 4096 };
const MAX_LINES = 64, MAX_TEXT = 200;
const MODULES = { low: 21, high: 177 + 8 }; // of a QR code a side, its quiet border included

const isWhole = (value, low, high) => Number.isInteger(value) && value >= low && value <= high;

/** The plan that a text holds, or null where it is none. */
export function readPlan(text) {
  try {
    const plan = JSON.parse(text);
    return isPlan(plan) ? plan : null;
  } catch {
    return null;
  }
}

function isPlan({ version, width, height, header, lines, qr }) {
  const inside = ([left, top, right, bottom]) =>
    [left, top, right, bottom].every(Number.isInteger) && left >= 0 && left < right && right <= width && top >= 0 && top < bottom && bottom <= height;
  return version === 1 && isWhole(width, SIZE.low, SIZE.high) && isWhole(height, SIZE.low, SIZE.high) && isWhole(header, 0, height)
    && Array.isArray(lines) && lines.length <= MAX_LINES
    && lines.every(({ text, font_px: px, box, inverted }) => typeof text === "string" && text.length > 0 && text.length <= MAX_TEXT
      && isWhole(px, 1, SIZE.high) && Array.isArray(box) && box.length === 4 && inside(box) && typeof inverted === "boolean")
    && (qr === null || isCode(qr, inside));
}

function isCode({ left, top, module, rows }, inside) {
  return isWhole(module, 1, SIZE.high) && Array.isArray(rows) && isWhole(rows.length, MODULES.low, MODULES.high)
    && rows.every((row) => typeof row === "string" && row.length === rows.length && /^[01]+$/.test(row))
    && inside([left, top, left + module * rows.length, top + module * rows.length]);
}

const squeezed = (texts) => texts.join("").replace(/\s/g, "");

/** Whether a plan's words are those that a body of the message Config wants on the sign. */
export function saysAsSigned(plan, config) {
  const words = [...HEADLINES, ...paragraphsOf(config), ...(plan.qr ? [SCAN] : [])];
  return squeezed(plan.lines.map(({ text }) => text)) === squeezed(words);
}
