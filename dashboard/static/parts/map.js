// Where cameras hang and where they look: the registered wedge and the present one, on the
// picture of their site or on bare coordinates.
//
// Each camera is a link, so that the map is walked with Tab as well as with a pointer. Marks
// keep their size on the screen whatever the sheet's scale is.

import { html, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { isBoard } from "../model/finding.js";
import { moveOf } from "../model/geometry.js";
import { verdictOf } from "../model/judge.js";
import { placeNames, scaleBar, sheetsOf } from "../model/sheets.js";
import { href } from "./tile.js";

const PX = { reach: 52, dot: 6, finger: 14, label: 12 }; // on the screen
const REACH_SHARE = 0.08; // and of a narrow screen at most
const MOST = 2000; // beyond this many the worst are drawn; the rest is told
const NAMED = 80; // up to this many carry their names
const ZOOMS = [1, 2, 4];

/** `cameras`: those to draw, worst first. */
export function SiteMap({ cameras, plans, words }) {
  const [wanted, setWanted] = useState(null);
  const [zoom, setZoom] = useState(1);
  const sheets = sheetsOf(cameras, plans);
  if (!sheets.length) return html`<p class="empty">${words.t("map.none")}</p>`;
  const worst = sheets.find((one) => one.pins.some((pin) => pin.camera === cameras[0])) ?? sheets[0];
  const sheet = sheets.find((one) => one.key === wanted) ?? worst;
  const missing = cameras.length - sheets.reduce((sum, one) => sum + Math.min(one.pins.length, MOST), 0);
  const name = (one) => one.site ?? words.t("map.coordinates");
  return html`<figure class="sitemap" data-sheet=${sheet.key}>
    <div class="sheets-bar">
      ${sheets.length > 1 && html`<label>${words.t("map.sheet")} <select name="sheet" value=${sheet.key} onChange=${(event) => setWanted(event.target.value)}>
        ${sheets.map((one) => html`<option key=${one.key} value=${one.key} selected=${one === sheet}>${name(one)} (${words.count.format(one.pins.length)})</option>`)}
      </select></label>`}
      <div class="segments" role="group" aria-label=${words.t("map.zoom")}>
        ${ZOOMS.map((one) => html`<button key=${one} type="button" data-zoom=${one} aria-pressed=${String(one === zoom)} onClick=${() => setZoom(one)}>${one} ×</button>`)}
      </div>
      ${sheet.image && html`<a class="aside" href=${`#/placing/${sheet.site}`}>${words.t("placing.open")}</a>`}
    </div>
    <${Sheet} key=${sheet.key} sheet=${sheet} words=${words} zoom=${zoom} />
    <figcaption class="legend">${words.t(sheet.image ? "map.legend_plan" : "map.legend")}
      ${sheet.pins.some(({ camera }) => isBoard(camera.report?.body)) && html` ${words.t("map.boards")}`}
      ${missing > 0 && html` ${words.t("map.missing", { count: words.count.format(missing) })}`}</figcaption>
  </figure>`;
}

/** How long one unit of the sheet's box is on the screen, as the browser laid it out. */
export function useUnit(box, ...reasons) {
  const drawing = useRef(null);
  const [unit, setUnit] = useState(box[2] / 1000);
  useLayoutEffect(() => {
    const measure = () => {
      const { width, height } = drawing.current.getBoundingClientRect();
      if (width && height) setUnit(Math.max(box[2] / width, box[3] / height));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(drawing.current);
    return () => observer.disconnect();
  }, [box.join(), ...reasons]);
  return [drawing, unit];
}

function Sheet({ sheet, words, zoom }) {
  const [x, y, width, height] = sheet.box;
  const [drawing, unit] = useUnit(sheet.box, zoom);
  const drawn = sheet.pins.slice(0, MOST);
  const names = placeNames(drawn.length <= NAMED ? drawn.map((pin) => labelOf(pin, sheet, words, unit)) : [], sheet.box, PX.label * unit);
  return html`<div class="sheet-window" tabindex="0" role="group" aria-label=${words.t("map")} data-zoomed=${zoom}>
    <svg ref=${drawing} class=${`sheet-${zoom} ${sheet.image ? "on-picture" : ""}`} viewBox=${sheet.box.join(" ")} stroke-width=${1.5 * unit} font-size=${PX.label * unit}>
      ${sheet.image
        ? html`<image href=${sheet.image} x=${x} y=${y} width=${width} height=${height} preserveAspectRatio="none" />`
        : html`<${Grid} box=${sheet.box} unit=${unit} words=${words} />`}
      <${North} box=${sheet.box} unit=${unit} turn=${sheet.north} />
      ${[...drawn].reverse().map((pin) => html`<${Pin} key=${pin.camera.id} pin=${pin} sheet=${sheet} words=${words} unit=${unit} />`)}
      <${Names} names=${names} unit=${unit} />
    </svg>
  </div>`;
}

/** Lines at a round distance, and that distance in words. */
function Grid({ box: [x, y, width, height], unit, words }) {
  const step = scaleBar(width);
  const lines = (from, size) => Array.from({ length: Math.floor((from + size) / step) - Math.ceil(from / step) + 1 }, (_, at) => (Math.ceil(from / step) + at) * step);
  const [left, low] = [x + 12 * unit, y + height - 12 * unit];
  return html`<g class="grid" aria-hidden="true">
    <path d=${[...lines(x, width).map((at) => `M${at} ${y}v${height}`), ...lines(y, height).map((at) => `M${x} ${at}h${width}`)].join("")} stroke-width=${unit} />
    <path class="bar-line" d=${`M${left} ${low}v${-5 * unit}m0 ${5 * unit}h${step}v${-5 * unit}`} />
    <text x=${left + step / 2} y=${low - 7 * unit} text-anchor="middle">${words.t("map.metres", { n: words.count.format(step) })}</text>
  </g>`;
}

function North({ box: [x, y, width], unit, turn }) {
  const at = `translate(${x + width - 22 * unit} ${y + 24 * unit}) rotate(${turn}) scale(${unit})`;
  return html`<g class="north" transform=${at} aria-hidden="true"><circle r="16" /><path d="M0 -12L5 8L0 4L-5 8Z" /></g>`;
}

/** Its name's places: first on the side that the camera does not look to. */
function labelOf({ camera, x, y, azimuth }, sheet, words, unit) {
  const down = azimuth !== null && !isBoard(camera.report?.body) && Math.cos(((azimuth + sheet.north) * Math.PI) / 180) < 0;
  const lines = [y + 20 * unit, y - 11 * unit];
  return { title: words.title(camera.config), x, lines: down ? lines.reverse() : lines };
}

/** A camera at its place: wedges, a dot, a finger's room around it. */
function Pin({ pin: { camera, x, y, azimuth }, sheet, words, unit }) {
  const body = camera.report?.body;
  const view = body?.view;
  const board = isBoard(body); // it looks nowhere
  const move = view?.move && view.verdict !== "cannot_tell" ? moveOf(view.move) : null;
  const say = `${words.title(camera.config)}: ${words.finding(body)}`;
  return html`<a href=${href(camera)} aria-label=${say} class=${`pin state-${verdictOf(camera)} ${board ? "board-pin" : ""}`} data-pin=${camera.id}>
    <title>${say}</title>
    ${!board && html`<${Wedges} x=${x} y=${y} azimuth=${azimuth} north=${sheet.north} hfov=${camera.config.hfov_deg} move=${move} reach=${reachOf(sheet.box, unit)} />`}
    <circle class="finger" cx=${x} cy=${y} r=${PX.finger * unit} />
    ${board
      ? html`<rect class="dot" x=${x - PX.dot * unit} y=${y - PX.dot * unit} width=${2 * PX.dot * unit} height=${2 * PX.dot * unit} />`
      : html`<circle class="dot" cx=${x} cy=${y} r=${PX.dot * unit} />`}
  </a>`;
}

/** Over every pin, so that no wedge lies over a name; each link says its own already. */
export function Names({ names, unit }) {
  return html`<g class="pin-names" aria-hidden="true" stroke-width=${3 * unit}>
    ${names.map((name, at) => name && html`<text key=${at} x=${name.x} y=${name.y} text-anchor="middle">${name.text}</text>`)}
  </g>`;
}

export const reachOf = ([, , width], unit) => Math.min(PX.reach * unit, width * REACH_SHARE);

/** A camera whose lens is not known is drawn as a line. */
export function Wedges({ x, y, azimuth, north, hfov = 0, move, reach }) {
  if (azimuth === null) return null;
  return html`<path class="registered" d=${wedge(x, y, azimuth + north, hfov, reach)} />
    ${move && html`<path class="now" data-azimuth=${(azimuth + move.pan_deg).toFixed(2)}
      d=${wedge(x, y, azimuth + north + move.pan_deg, present(hfov, move.zoom), reach * 0.9)} />`}`;
}

/** The field of view of a lens whose focal length is `zoom` times the registered one. */
const present = (hfov, zoom) => (360 / Math.PI) * Math.atan(Math.tan((hfov * Math.PI) / 360) / Math.max(zoom, 0.01));

/** Heading in degrees clockwise from straight up; the sector as an SVG path. */
function wedge(x, y, heading, hfov, reach) {
  const rim = (deg) => [x + reach * Math.sin((deg * Math.PI) / 180), y - reach * Math.cos((deg * Math.PI) / 180)];
  const [from, to] = [rim(heading - hfov / 2), rim(heading + hfov / 2)];
  return `M${x} ${y}L${from[0].toFixed(3)} ${from[1].toFixed(3)}A${reach} ${reach} 0 ${hfov > 180 ? 1 : 0} 1 ${to[0].toFixed(3)} ${to[1].toFixed(3)}Z`;
}
