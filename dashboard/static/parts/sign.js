// The sign as the signed configuration wants it, and over it what the camera says of it.
//
// Drawn with the measure it was set with, and clipped: no ink leaves the board. A board is
// black on white whatever the page's theme is.

import { html, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { HEADLINES, paragraphsOf, setInto } from "../model/board.js";
import { isInForce } from "../model/camera.js";
import { later } from "./later.js";

const SIZE = [400, 250], HEAD = 72, MARGIN = 14;
export const FONT = `"Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Micro Hei", "Noto Sans", Arial, sans-serif`;

const SignPlan = later(async () => (await import("./sign_plan.js")).SignPlan);

export function Sign({ camera, words }) {
  if (!camera.report) return null;
  const { state, lit } = camera.report.body.signage;
  const config = isInForce(camera) ? camera.desired.body : null;
  const dim = lit === "unlit" || lit === "failing";
  // By day a lamp behind a photocell may be out: whether it must burn now, the camera's alarms tell.
  const wanted = camera.report.body.alarms?.includes("sign_fault") ?? config?.sign.lit_required;
  const tone = dim ? (wanted ? "sign-dark" : "sign-dim") : "";
  const light = lit === "unknown" ? "" : ` · ${words.member("LitState", lit)}`; // an axis of its own
  return html`<figure class=${`sign sign-${state} ${tone}`} data-sign=${state} data-lit=${lit}>
    ${config
      ? html`<div class="board"><${Board} config=${config} words=${words} />
          <p class="over">${words.member("SignageState", state)}${light}</p></div>
        <figcaption class="legend">${words.t("sign.preview")} ${words.t("sign.qr")}${photo(config.sign_photo, words)}</figcaption>`
      : html`<figcaption class="quiet">${words.t("sign.no_preview")}</figcaption>`}
    <${Plan} camera=${camera} words=${words} />
  </figure>`;
}

/** A plan of the display's own can be opened beside the preview. */
function Plan({ camera, words }) {
  const [open, setOpen] = useState(false);
  return html`<details class="plan" onToggle=${(event) => setOpen(event.currentTarget.open)}><summary>${words.t("sign.plan")}</summary>
    ${open && html`<${SignPlan} camera=${camera} words=${words} />`}</details>`;
}

function photo(one, words) {
  if (!one) return "";
  return ` ${words.t("sign.read", { day: one.taken_on, who: one.inspector, operator: one.operator, phone: one.phone })}`;
}

function Board({ config, words }) {
  const canvas = useRef(null);
  const [fits, setFits] = useState(true);
  const paragraphs = paragraphsOf(config);
  const key = paragraphs.join("\n");
  useLayoutEffect(() => setFits(draw(canvas.current, paragraphs)), [key]);
  const [width, height] = SIZE;
  const say = [...HEADLINES, ...paragraphs].join("; ");
  return html`<canvas ref=${canvas} width=${2 * width} height=${2 * height} role="img" lang="zh-CN" aria-label=${say} data-fits=${String(fits)} />
    ${!fits && html`<p class="notice bad">${words.t("sign.too_long")}</p>`}`;
}

/** Draw the board; false where its text cannot be set legibly. */
function draw(canvas, paragraphs) {
  const [width, height] = SIZE;
  const pen = canvas.getContext("2d");
  pen.setTransform(2, 0, 0, 2, 0, 0); // sharp on dense screens
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.fillStyle = "#111";
  pen.fillRect(0, 0, width, HEAD);
  pen.textBaseline = "top";
  const measure = (text, px) => {
    pen.font = `600 ${px}px ${FONT}`;
    return pen.measureText(text).width;
  };
  const inner = width - 2 * MARGIN;
  const head = setInto(HEADLINES, [MARGIN, 8, inner, HEAD - 14], measure);
  const body = setInto(paragraphs, [MARGIN, HEAD + MARGIN, inner, height - HEAD - 2 * MARGIN], measure);
  for (const [set, colour, box] of [[head, "#fff", [0, 0, width, HEAD]], [body, "#111", [0, HEAD, width, height - HEAD]]]) {
    if (!set) continue;
    pen.save();
    pen.beginPath();
    pen.rect(...box);
    pen.clip();
    pen.fillStyle = colour;
    pen.font = `600 ${set.px}px ${FONT}`;
    for (const { text, x, y } of set.lines) pen.fillText(text, x, y + 0.12 * set.px);
    pen.restore();
  }
  return Boolean(head && body);
}
