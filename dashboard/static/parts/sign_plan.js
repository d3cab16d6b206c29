// A plan of the sign, opened from a file and drawn as the display on the pole shows it.
//
// Rule: the file stays in this page. The agent's own layout decides: each line is set into the
// plan's box for it whatever fonts this computer has, and the code is drawn module by module.

import { html, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { isInForce } from "../model/camera.js";
import { MAX_BYTES, readPlan, saysAsSigned } from "../model/sign_plan.js";
import { FONT } from "./sign.js";

export function SignPlan({ camera, words }) {
  const [plan, setPlan] = useState(null);
  const [fault, setFault] = useState(false);
  const load = async (file) => {
    if (!file) return;
    const read = file.size <= MAX_BYTES ? readPlan(await file.text().catch(() => "")) : null; // it may be gone meanwhile
    setPlan(read);
    setFault(!read);
  };
  const config = isInForce(camera) ? camera.desired.body : null;
  const same = plan && config && saysAsSigned(plan, config);
  return html`<div class="sign-plan">
    <label class="file">${words.t("sign.plan.file")}<input type="file" accept=".json,application/json" name="plan" onClick=${(event) => { event.target.value = ""; /* the same file, changed */ }} onChange=${(event) => load(event.target.files[0])} /></label>
    ${fault && html`<p role="alert" class="notice bad">${words.t("sign.plan.wrong")}</p>`}
    ${plan && html`<${Drawn} plan=${plan} />
      ${config && html`<p class=${`notice ${same ? "" : "bad"}`} data-plan-says=${same ? "same" : "other"}>${words.t(same ? "sign.plan.same" : "sign.plan.other")}</p>`}`}
  </div>`;
}

function Drawn({ plan }) {
  const canvas = useRef(null);
  useLayoutEffect(() => drawPlan(canvas.current, plan), [plan]);
  return html`<canvas ref=${canvas} role="img" lang="zh-CN" data-plan=${`${plan.width}x${plan.height}`} aria-label=${plan.lines.map(({ text }) => text).join(" ")} />`;
}

/** Draw a plan in its own pixels. */
export function drawPlan(canvas, plan) {
  const { width, height, header, lines, qr } = plan;
  Object.assign(canvas, { width, height });
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, width, header);
  for (const line of lines) drawLine(pen, line);
  if (!qr) return;
  pen.fillStyle = "#000";
  qr.rows.forEach((row, y) => [...row].forEach((bit, x) => {
    if (bit === "1") pen.fillRect(qr.left + x * qr.module, qr.top + y * qr.module, qr.module, qr.module);
  }));
}

/** A line's ink fills its box. */
function drawLine(pen, { text, font_px: px, box: [left, top, right, bottom], inverted }) {
  pen.font = `${px}px ${FONT}`;
  const { actualBoundingBoxLeft: l, actualBoundingBoxRight: r, actualBoundingBoxAscent: a, actualBoundingBoxDescent: d } = pen.measureText(text);
  if (l + r <= 0 || a + d <= 0) return; // blanks alone
  pen.save();
  pen.translate(left, top);
  pen.scale((right - left) / (l + r), (bottom - top) / (a + d));
  pen.fillStyle = inverted ? "#fff" : "#000";
  pen.fillText(text, l, a);
  pen.restore();
}
