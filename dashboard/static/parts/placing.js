// Putting cameras into a site's picture. Nothing is applied: the page makes the text for the
// file of plans, which the server reads when it starts.

import { html, useRef, useState } from "../vendor/preact.js";
import { placeNames } from "../model/sheets.js";
import { CopyText } from "./copy.js";
import { Names, Wedges, reachOf, useUnit } from "./map.js";

const STEP = { plain: 0.01, Shift: 0.05, Alt: 0.001 }; // of the picture's longer side

export function Placing({ site, plan, cameras, words }) {
  const [pins, setPins] = useState(() => ({ ...plan.cameras }));
  const [chosen, setChosen] = useState(cameras[0]?.config.camera ?? "");
  const box = [0, 0, plan.width, plan.height];
  const [drawing, unit] = useUnit(box);
  const dragged = useRef(false);
  const inside = (x, y) => ({ x: Math.round(Math.min(plan.width, Math.max(0, x))), y: Math.round(Math.min(plan.height, Math.max(0, y))) });
  const azimuthOf = (camera) => pins[camera]?.azimuth_deg ?? cameras.find((one) => one.config.camera === camera)?.config.azimuth_deg ?? null;
  const put = (camera, x, y) => setPins((old) => ({ ...old, [camera]: { ...inside(x, y), azimuth_deg: azimuthOf(camera) } }));
  const at = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.current.getScreenCTM().inverse());
    put(chosen, point.x, point.y);
  };
  const onKeyDown = (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!way || !chosen) return;
    event.preventDefault();
    const step = Math.max(1, Math.max(plan.width, plan.height) * (event.shiftKey ? STEP.Shift : event.altKey ? STEP.Alt : STEP.plain));
    const from = pins[chosen] ?? { x: plan.width / 2, y: plan.height / 2 };
    put(chosen, from.x + way[0] * step, from.y + way[1] * step);
  };
  const turn = (text) => {
    const azimuth = text.trim() === "" || !Number.isFinite(Number(text)) ? null : Math.min(360, Math.max(-360, Number(text)));
    setPins((old) => (old[chosen] ? { ...old, [chosen]: { ...old[chosen], azimuth_deg: azimuth } } : old));
  };
  const remove = () => setPins(({ [chosen]: _, ...rest }) => rest);
  const place = pins[chosen];
  const titleOf = (camera) => words.title(cameras.find((one) => one.config.camera === camera)?.config ?? { title: camera });
  const placed = Object.entries(pins).sort(([one], [other]) => (other === chosen) - (one === chosen)); // the chosen one keeps its name
  const names = placeNames(placed.map(([camera, { x, y }]) => ({ title: titleOf(camera), x, lines: [y + 20 * unit, y - 11 * unit] })), box, 12 * unit);
  return html`<section class="placing">
    <header><h2>${words.t("placing.title", { site })}</h2><p class="quiet">${words.t("placing.note")}</p></header>
    <div class="panel">
      <svg ref=${drawing} class="on-picture" viewBox=${box.join(" ")} tabindex="0" role="application" aria-label=${words.t("placing.stage")} data-stage
        stroke-width=${1.5 * unit} font-size=${12 * unit} onKeyDown=${onKeyDown}
        onPointerDown=${(event) => { dragged.current = true; event.currentTarget.setPointerCapture(event.pointerId); at(event); }}
        onPointerMove=${(event) => dragged.current && at(event)} onPointerUp=${() => { dragged.current = false; }}>
        <image href=${plan.image} width=${plan.width} height=${plan.height} preserveAspectRatio="none" />
        ${placed.map(([camera, { x, y, azimuth_deg: azimuth }]) => html`<g key=${camera} class=${`pin state-${camera === chosen ? "moved" : "none"}`} data-placed=${camera}>
          <${Wedges} x=${x} y=${y} azimuth=${azimuth} north=${plan.north_deg} hfov=${cameras.find((one) => one.config.camera === camera)?.config.hfov_deg} move=${null} reach=${reachOf(box, unit)} />
          <circle class="dot" cx=${x} cy=${y} r=${6 * unit} /></g>`)}
        <${Names} names=${names} unit=${unit} />
      </svg>
    </div>
    <div class="panel form">
      <label>${words.t("placing.camera")}<select name="camera" value=${chosen} onChange=${(event) => setChosen(event.target.value)}>
        ${cameras.map(({ config }) => html`<option key=${config.camera} value=${config.camera} selected=${config.camera === chosen}>${words.title(config)} (${config.camera})${pins[config.camera] ? " ✓" : ""}</option>`)}
      </select></label>
      <p role="status" class="quiet" data-place>${place ? words.t("placing.at", { x: place.x, y: place.y }) : words.t("placing.nowhere")}</p>
      <label>${words.t("placing.azimuth")}<input name="azimuth" type="number" min="-360" max="360" step="any" disabled=${!place} value=${place?.azimuth_deg ?? ""} onInput=${(event) => turn(event.target.value)} /></label>
      <button type="button" class="toggle" data-remove disabled=${!place} onClick=${remove}>${words.t("placing.remove")}</button>
    </div>
    <${CopyText} words=${words} label=${words.t("placing.text")} text=${textOf(plan, pins)} name=${`plan-${site}.json`} next=${words.t("placing.next")} />
  </section>`;
}

/** One plan as the file of plans holds it, a camera a line. */
function textOf(plan, pins) {
  const rows = Object.entries(pins).map(([camera, { x, y, azimuth_deg: azimuth }]) =>
    `    ${JSON.stringify(camera)}: ${JSON.stringify({ at: [x, y], ...(azimuth === null ? {} : { azimuth_deg: azimuth }) })}`);
  const head = Object.entries(plan.row).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return `{\n${[...head, `  "cameras": {${rows.length ? `\n${rows.join(",\n")}\n  ` : ""}}`].join(",\n")}\n}`;
}
