// Where cameras hang and where they look: the registered wedge and the present one.
//
// Coordinates are the register's own, metres east and north of any origin. Each camera is a
// link, so that the map is walked with Tab as well as with a pointer.

import { html } from "../vendor/preact.js";
import { moveOf } from "../model/geometry.js";
import { verdictOf } from "../model/judge.js";
import { href } from "./tile.js";

const REACH = 0.07; // length of a wedge, as a share of the map's longer side
const LEAST_M = 20;
const MOST = 2000; // beyond this many the worst are drawn; the rest is told

export const placed = (cameras) => cameras.filter((one) => one.config.position);

/** `cameras`: those to draw, worst first. */
export function SiteMap({ cameras, words }) {
  const found = placed(cameras);
  if (!found.length) return html`<p class="empty">${words.t("map.none")}</p>`;
  const xs = found.map(({ config }) => config.position[0]);
  const ys = found.map(({ config }) => -config.position[1]); // north is up, y runs down
  const span = Math.max(LEAST_M, extent(xs), extent(ys));
  const margin = span * 2 * REACH;
  const [left, top] = [least(xs) - margin, least(ys) - margin];
  const box = `${left} ${top} ${extent(xs) + 2 * margin} ${extent(ys) + 2 * margin}`;
  const drawn = found.slice(0, MOST);
  const missing = cameras.length - drawn.length;
  return html`<figure class="sitemap">
    <svg viewBox=${box} role="group" aria-label=${words.t("map")} stroke-width=${span / 400}>
      ${drawn.toReversed().map((camera) => html`<${Pin} key=${camera.id} camera=${camera} words=${words} reach=${span * REACH} />`)}
    </svg>
    <figcaption class="legend">${words.t("map.legend")}
      ${missing > 0 && html` ${words.t("map.missing", { count: words.count.format(missing) })}`}</figcaption>
  </figure>`;
}

const least = (values) => values.reduce((a, b) => Math.min(a, b));
const extent = (values) => values.reduce((a, b) => Math.max(a, b)) - least(values);

function Pin({ camera, words, reach }) {
  const { position: [x, north], azimuth_deg: azimuth = null, hfov_deg: hfov } = camera.config;
  const view = camera.report?.body.view;
  const move = view?.move && view.verdict !== "cannot_tell" ? moveOf(view.move) : null;
  const say = `${words.title(camera.config)}: ${words.view(view)}`;
  const y = -north;
  return html`<a href=${href(camera)} aria-label=${say} class=${`pin state-${verdictOf(camera)}`} data-pin=${camera.id}>
    <title>${say}</title>
    ${azimuth !== null && html`<path class="registered" d=${wedge(x, y, azimuth, hfov, reach)} />`}
    ${azimuth !== null && move && html`<path class="now" data-azimuth=${(azimuth + move.pan_deg).toFixed(2)}
      d=${wedge(x, y, azimuth + move.pan_deg, present(hfov, move.zoom), reach * 0.9)} />`}
    <circle cx=${x} cy=${y} r=${reach * 0.11} />
  </a>`;
}

/** The field of view of a lens whose focal length is `zoom` times the registered one. */
const present = (hfov, zoom) => (360 / Math.PI) * Math.atan(Math.tan((hfov * Math.PI) / 360) / Math.max(zoom, 0.01));

/** Azimuth in degrees clockwise from north; the sector as an SVG path. */
function wedge(x, y, azimuth, hfov, reach) {
  const rim = (deg) => [x + reach * Math.sin((deg * Math.PI) / 180), y - reach * Math.cos((deg * Math.PI) / 180)];
  const [from, to] = [rim(azimuth - hfov / 2), rim(azimuth + hfov / 2)];
  return `M${x} ${y}L${from[0].toFixed(3)} ${from[1].toFixed(3)}A${reach} ${reach} 0 ${hfov > 180 ? 1 : 0} 1 ${to[0].toFixed(3)} ${to[1].toFixed(3)}Z`;
}
