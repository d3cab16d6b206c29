// The registered frame and the present one in it, drawn from the reported numbers alone.

import { html } from "../vendor/preact.js";
import { toleranceOf } from "../model/camera.js";
import { focal, frameCorners, moveOf, projectPolygon } from "../model/geometry.js";

const LIMIT = 3.2; // half widths around the registered frame that are ever shown
const MARGIN = 0.12;

export function Frames({ camera, words, dim }) {
  const { hfov_deg: hfov, aspect } = camera.config;
  const tolerance = toleranceOf(camera);
  const view = camera.report?.body.view;
  const corners = frameCorners(aspect);
  const present = view?.move && view.verdict !== "cannot_tell" ? presentFrame(view.move, corners, hfov) : null;
  const box = boxAround([...corners, ...(present?.outline ?? [])]);
  const unit = (box.width / 100) * 0.55;
  const label = present
    ? words.t("frames.say", Object.fromEntries(words.axes(view.move, tolerance).map((one) => [one.axis, one.say])))
    : words.t("frames.unknown");
  return html`
    <figure class=${`frames ${dim ? "dim" : ""}`}>
      <svg viewBox=${`${box.x} ${box.y} ${box.width} ${box.height}`} role="img" aria-label=${label}
        data-present=${present ? "drawn" : "unknown"} stroke-width=${unit}>
        <${Registered} corners=${corners} aspect=${aspect} unit=${unit} />
        ${tolerance && html`<${ToleranceBox} f=${focal(hfov)} tolerance=${tolerance} />`}
        ${present && html`<${Present} present=${present} verdict=${view.verdict} unit=${unit} />`}
      </svg>
      <figcaption>
        <span class="key key-registered">${words.t("frames.registered")}</span>
        <span class=${`key key-present state-${view?.verdict ?? "none"}`}>
          ${present ? words.t("frames.present") : words.t("frames.unknown")}
        </span>
      </figcaption>
    </figure>`;
}

/** Outline, centre and upward mark of the present frame, in registered coordinates. */
function presentFrame(report, corners, hfov) {
  const move = moveOf(report);
  const outline = projectPolygon(corners, move, hfov);
  if (outline.length < 3) return null;
  const top = corners[0][1];
  const [centre] = projectPolygon([[0, 0]], move, hfov);
  const up = projectPolygon([[-0.07, top], [0.07, top], [0, top * 0.82]], move, hfov);
  return { outline, centre, up };
}

/** The part of the plane to show: all of it, but never so much that the frames become dots. */
function boxAround(points) {
  const clamp = (value) => Math.max(-LIMIT, Math.min(LIMIT, value));
  const xs = points.map(([x]) => clamp(x));
  const ys = points.map(([, y]) => clamp(y));
  const [left, right] = [Math.min(...xs) - MARGIN, Math.max(...xs) + MARGIN];
  const [top, bottom] = [Math.min(...ys) - MARGIN, Math.max(...ys) + MARGIN];
  return { x: left, y: top, width: right - left, height: bottom - top };
}

const path = (points) => `${points.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(4)} ${y.toFixed(4)}`).join("")}Z`;

function Registered({ corners, aspect, unit }) {
  const [h, third] = [1 / aspect, 1 / 3];
  return html`
    <g class="registered">
      <path class="pane" d=${path(corners)} />
      <path class="thirds" d=${`M${-third} ${-h}V${h}M${third} ${-h}V${h}M-1 ${-h * third}H1M-1 ${h * third}H1`} stroke-width=${unit * 0.5} />
      <path class="rim" d=${path(corners)} />
      <path class="rim" d="M-.05 0H.05M0 -.05V.05" />
    </g>`;
}

/** Where the present centre may lie: only the part of the tolerance that this plane can show. */
function ToleranceBox({ f, tolerance }) {
  const x = f * Math.tan((tolerance.pan_deg * Math.PI) / 180);
  const y = f * Math.tan((tolerance.tilt_deg * Math.PI) / 180);
  return html`<rect class="tolerance" x=${-x} y=${-y} width=${2 * x} height=${2 * y} />`;
}

function Present({ present, verdict, unit }) {
  const { outline, centre, up } = present;
  return html`
    <g class=${`present state-${verdict}`}>
      <path class="sheet" d=${path(outline)} stroke-width=${unit * 1.6} />
      ${up.length === 3 && html`<path class="up" d=${path(up)} />`}
      ${centre && html`
        <path class="shift" d=${`M0 0L${centre[0]} ${centre[1]}`} stroke-width=${unit * 1.2} />
        <circle class="centre" cx=${centre[0]} cy=${centre[1]} r=${unit * 2.2} />`}
    </g>`;
}
