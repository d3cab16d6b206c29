// A board without a camera: what it feels of its mount, drawn as a level.

import { html } from "../vendor/preact.js";
import { toleranceOf } from "../model/camera.js";
import { signed } from "../words.js";

const DEGREE = 8; // units of the drawing for a degree of tilt
const MOST = 9; // degrees of tilt that are drawn

export function Mount({ camera, words, dim }) {
  const felt = camera.report.body.mount;
  const known = felt.tilt_mdeg !== null && felt.roll_mdeg !== null;
  const [tilt, roll] = known ? [felt.tilt_mdeg / 1000, felt.roll_mdeg / 1000] : [0, 0];
  const tolerance = toleranceOf(camera);
  const turned = `${words.t("axis.tilt")} ${signed(tilt)}°, ${words.t("axis.roll")} ${signed(roll)}°`;
  const label = `${words.t("mount")}: ${words.view(felt)}${known ? ` · ${turned}` : ""}`;
  // As the mount hangs: down is down, clockwise is clockwise, as in a camera's drawing.
  const shift = -DEGREE * Math.max(-MOST, Math.min(MOST, tilt));
  return html`<figure class=${`level state-${felt.verdict} ${dim ? "dim" : ""}`} data-mount=${felt.verdict}>
    <svg viewBox="-160 -90 320 180" role="img" aria-label=${label}>
      ${tolerance && html`<rect class="tolerance" x="-150" width="300" y=${-DEGREE * tolerance.tilt_deg} height=${2 * DEGREE * tolerance.tilt_deg} />`}
      <path class="rim" d="M-150 0H150M0 -10V10" />
      ${known && html`<path class="felt" transform=${`translate(0 ${shift}) rotate(${roll})`} d="M-120 0H-30L0 14L30 0H120" />`}
    </svg>
    <figcaption class="quiet">${words.t("mount.board")}</figcaption>
  </figure>`;
}
