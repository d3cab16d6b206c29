// Pan, tilt, roll and zoom as numbers, each beside a small gauge of its tolerance.

import { html } from "../vendor/preact.js";
import { toleranceOf } from "../model/camera.js";
import { measuredOf } from "../model/finding.js";

const SHOWN = 2; // the gauge reaches this many tolerances to each side

export function Axes({ camera, words }) {
  const tolerance = toleranceOf(camera);
  const axes = words.axes(measuredOf(camera.report?.body), tolerance);
  if (!axes.length) return null;
  return html`
    <table class="axes">
      <thead class="sr">
        <tr><th scope="col">${words.t("axis")}</th><th scope="col">${words.t("axis.value")}</th><th scope="col">${words.t("axis.tolerance")}</th></tr>
      </thead>
      <tbody>
        ${axes.map((one) => html`<${Row} key=${one.axis} one=${one} words=${words} />`)}
      </tbody>
    </table>`;
}

function Row({ one, words }) {
  const outside = one.ratio !== null && Math.abs(one.ratio) > 1;
  return html`
    <tr data-axis=${one.axis} class=${outside ? "outside" : ""}>
      <th scope="row">${one.name}</th>
      <td class="number"><b>${one.text}</b> <span class="error">± ${one.error_text}</span> <span class="direction">${one.direction}</span></td>
      <td class="gauge">${one.ratio !== null && html`<${Gauge} ratio=${one.ratio} label=${words.t(outside ? "outside" : "within")} />`}</td>
    </tr>`;
}

function Gauge({ ratio, label }) {
  const at = 50 + (50 * Math.max(-SHOWN, Math.min(SHOWN, ratio))) / SHOWN;
  const outside = Math.abs(ratio) > 1;
  return html`
    <svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label=${label}>
      <rect class="track" x="0" y="3.5" width="100" height="3" />
      <rect class="band" x=${50 - 50 / SHOWN} y="1.5" width=${100 / SHOWN} height="7" />
      <path class="zero" d="M50 0V10" />
      <rect class=${outside ? "needle outside" : "needle"} x=${at - 1.5} y="0" width="3" height="10" />
    </svg>`;
}
