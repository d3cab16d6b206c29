// Draws zones and lines on the registered view and makes the text of a configuration of them.
//
// Rule: nothing here reaches a camera or a server. A picture that is loaded stays in this page.

import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { MAX_POINTS, MESSAGES, PLACE_SCALE, VOCABULARIES, WATCHED } from "../schema.js";
import { isInForce } from "../model/camera.js";
import {
  NUMBERS, clampPlace, directionsOf, faultsOf, forwardOf, mayGrow, needs, newZone, rangeOf, toToml,
  wantsPoint, withWatch,
} from "../model/zones.js";
import { CopyText } from "./copy.js";

const STEP = PLACE_SCALE / 100;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const NAME = MESSAGES.Zone.find(({ name }) => name === "name");

export function Zones({ camera, words }) {
  const [zones, setZones] = useState(() => (isInForce(camera) && camera.desired.body.zones) || []);
  const [chosen, choose] = useState(0);
  const change = (at, how) => setZones((old) => old.map((zone, n) => (n === at ? how(zone) : zone)));
  const add = (kind) => {
    choose(zones.length);
    setZones([...zones, newZone(kind)]);
  };
  const title = (at) => zones[at].name || words.t("zones.zone", { n: at + 1 });
  const faults = faultsOf(zones);
  return html`<section class="zones" data-zones=${camera.id} data-faults=${faults.length}>
    <header><h2>${words.t("zones.title", { camera: words.title(camera.config) })}</h2><p>${words.t("zones.note")}</p></header>
    <div class="panel">
      <${Stage} camera=${camera} words=${words} zones=${zones} chosen=${chosen} choose=${choose} change=${change} title=${title} />
    </div>
    <div class="panel">
      <h3>${words.t("zones.list")}</h3>
      <div class="zone-list" role="group" aria-label=${words.t("zones.list")}>
        ${zones.map((_, at) => html`<button key=${at} type="button" aria-pressed=${String(at === chosen)} onClick=${() => choose(at)}>${title(at)}</button>`)}
      </div>
      ${!zones.length && html`<p class="quiet">${words.t("zones.none")}</p>`}
      ${VOCABULARIES.ZoneKind.map((kind) => html`<button key=${kind} type="button" data-new=${kind} disabled=${!mayGrow(zones)} onClick=${() => add(kind)}>
        ${words.t("zones.new", { kind: words.member("ZoneKind", kind) })}</button> `)}
      ${zones[chosen] && html`<${Form} key=${`${chosen} ${zones.length}`} zone=${zones[chosen]} words=${words} change=${(how) => change(chosen, how)}
        remove=${() => { setZones(zones.filter((_, at) => at !== chosen)); choose(Math.max(0, chosen - 1)); }} />`}
    </div>
    <${Text} camera=${camera} words=${words} zones=${zones} faults=${faults} title=${title} />
  </section>`;
}

function Stage({ camera, words, zones, chosen, choose, change, title }) {
  const { aspect } = camera.config;
  const stage = useRef(null);
  const canvas = useRef(null);
  const [fault, setFault] = useState(false);
  useEffect(() => {
    stage.current.style.aspectRatio = String(aspect); // by script: the page's policy allows no style attribute
  }, [aspect]);
  const load = async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    try {
      const picture = await createImageBitmap(file);
      canvas.current.width = picture.width;
      canvas.current.height = picture.height;
      canvas.current.getContext("2d").drawImage(picture, 0, 0);
      setFault(false);
    } catch {
      setFault(true);
    }
  };
  const place = ({ clientX, clientY }) => {
    const box = stage.current.getBoundingClientRect();
    return clampPlace([(PLACE_SCALE * (clientX - box.left)) / box.width, (PLACE_SCALE * (clientY - box.top)) / box.height]);
  };
  const move = (at, n, point) => change(at, (zone) => ({ ...zone, points: zone.points.map((old, k) => (k === n ? point : old)) }));
  const onPointerDown = (event) => {
    const zone = zones[chosen];
    if (event.target.dataset.handle || !zone || !wantsPoint(zone)) return;
    change(chosen, (old) => ({ ...old, points: [...old.points, place(event)] }));
  };
  const high = PLACE_SCALE / aspect;
  const third = `M${PLACE_SCALE / 3} 0V${high}M${(2 * PLACE_SCALE) / 3} 0V${high}M0 ${high / 3}H${PLACE_SCALE}M0 ${(2 * high) / 3}H${PLACE_SCALE}`;
  return html`
    <div class="stage" ref=${stage}>
      <canvas ref=${canvas} aria-hidden="true" />
      <svg viewBox=${`0 0 ${PLACE_SCALE} ${high}`} role="group" aria-label=${words.t("zones.stage")} onPointerDown=${onPointerDown}>
        <path class="thirds" d=${third} />
        ${zones.map((zone, at) => html`<g key=${at} class=${at === chosen ? "chosen" : ""}>
          <${Shape} zone=${zone} aspect=${aspect} />
          ${zone.points.map(([x, y], n) => html`<circle key=${n} class="handle" data-handle=${`${at}-${n}`} cx=${x} cy=${y / aspect} r="110" tabindex="0" role="button"
            aria-label=${words.t("zones.point", { zone: title(at), n: n + 1, x: (x / STEP).toFixed(1), y: (y / STEP).toFixed(1) })}
            onFocus=${() => choose(at)}
            onPointerDown=${(event) => event.target.setPointerCapture(event.pointerId)}
            onPointerMove=${(event) => event.target.hasPointerCapture(event.pointerId) && move(at, n, place(event))}
            onKeyDown=${(event) => onKey(event, [x, y], (point) => move(at, n, point), () => change(at, (old) => ({ ...old, points: old.points.filter((_, k) => k !== n) })))} />`)}
        </g>`)}
      </svg>
    </div>
    <p class="legend">${words.t("zones.stage")}</p>
    <label class="file">${words.t("zones.picture")}<input type="file" accept="image/*" onChange=${load} /></label>
    ${fault && html`<p role="alert" class="notice bad">${words.t("zones.picture_failed")}</p>`}`;
}

function onKey(event, [x, y], move, remove) {
  const arrow = ARROWS[event.key];
  if (arrow) {
    const step = event.shiftKey ? 5 * STEP : event.altKey ? STEP / 10 : STEP;
    move(clampPlace([x + step * arrow[0], y + step * arrow[1]]));
  } else if (event.key === "Delete" || event.key === "Backspace") remove();
  else return;
  event.preventDefault();
}

function Shape({ zone, aspect }) {
  const points = zone.points.map(([x, y]) => `${x} ${y / aspect}`);
  if (points.length < 2) return null;
  const ways = { forward: [1], backward: [-1] }[zone.direction] ?? [1, -1];
  return html`<path class=${`shape ${zone.kind}`} d=${`M${points.join("L")}${zone.kind === "area" ? "Z" : ""}`} />
    ${zone.kind === "line" && ways.map((way) => html`<path key=${way} class="arrow" data-way=${way} d=${arrow(zone.points, aspect, way)} />`)}`;
}

/** A triangle beside the middle of the line, pointing the way that is flagged. */
function arrow(points, aspect, way) {
  const [nx, ny] = forwardOf(points, aspect).map((n) => n * way);
  const [[x0, y0], [x1, y1]] = points;
  const [x, y] = [(x0 + x1) / 2 + 150 * nx, (y0 + y1) / 2 / aspect + 150 * ny];
  return `M${x - 180 * ny} ${y + 180 * nx}L${x + 180 * ny} ${y - 180 * nx}L${x + 320 * nx} ${y + 320 * ny}Z`;
}

function Form({ zone, words, change, remove }) {
  const set = (name) => (event) => change((old) => ({ ...old, [name]: event.target.value.normalize("NFC") || null }));
  const number = (name) => (event) => {
    const value = Math.round(Number(event.target.value) * (name === "speed" ? PLACE_SCALE : 1));
    change((old) => ({ ...old, [name]: value }));
  };
  const addPoint = () => change((old) => ({ ...old, points: [...old.points, nextPoint(old.points)] }));
  return html`<div class="zone-form">
    <label>${words.t("zones.name")}<input name="zone-name" value=${zone.name} maxlength=${NAME.high} autocomplete="off"
      onInput=${(event) => change((old) => ({ ...old, name: event.target.value.normalize("NFC") }))} /></label>
    <fieldset><legend>${words.t("zones.watch")}</legend>
      ${WATCHED[zone.kind].map((one) => html`<label key=${one}><input type="checkbox" name=${one} checked=${zone.watch.includes(one)}
        onChange=${(event) => { const on = event.target.checked; change((old) => withWatch(old, one, on)); }} />${words.member("EventKind", one)}</label>`)}
    </fieldset>
    ${zone.kind === "line" && html`<label>${words.t("zones.direction")}<select name="direction" value=${zone.direction ?? "both"} onChange=${set("direction")}>
      ${directionsOf(zone).map((one) => html`<option key=${one} value=${one} selected=${one === (zone.direction ?? "both")}>${words.member("LineDirection", one)}</option>`)}
    </select></label>`}
    ${NUMBERS.filter((name) => needs(zone.watch, name)).map((name) => html`<label key=${name}>${words.t(`zones.${name}`)}
      <input type="number" name=${name} min=${rangeOf(name).low} max=${rangeOf(name).high} step=${name === "speed" ? 0.01 : 1}
        defaultValue=${name === "speed" ? zone.speed / PLACE_SCALE : zone[name]} onInput=${number(name)} /></label>`)}
    <p><button type="button" data-add-point disabled=${!wantsPoint(zone)} onClick=${addPoint}>${words.t("zones.add_point")}</button>
      ${" "}<button type="button" data-remove onClick=${remove}>${words.t("zones.remove")}</button></p>
  </div>`;
}

/** Where a point goes that nobody clicked for: around the middle, each in a place of its own. */
function nextPoint(points) {
  const angle = (2 * Math.PI * points.length) / MAX_POINTS * 5;
  return clampPlace([PLACE_SCALE * (0.5 + 0.2 * Math.cos(angle)), PLACE_SCALE * (0.5 + 0.2 * Math.sin(angle))]);
}

function Text({ camera, words, zones, faults, title }) {
  const text = zones.length && !faults.length ? toToml(zones) : "";
  return html`<${CopyText} words=${words} label=${words.t("zones.text")} text=${text} type="application/toml"
    name=${`zones-${camera.id.replace("/", "-")}.toml`} next=${words.t("zones.next")}>
    ${faults.length > 0 && html`<ul class="faults">${faults.map(({ zone, fault, ...values }) => html`<li key=${`${zone} ${fault}`} data-zone-fault=${fault}>
      ${words.t(`zones.fault.${fault}`, { zone: title(zone), ...values })}</li>`)}</ul>`}
  </${CopyText}>`;
}
