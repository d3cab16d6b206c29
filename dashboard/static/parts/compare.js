// Two pictures laid over each other by the numbers that the camera signed: the registered view,
// and one of the present turned back into it.
//
// Rule: nothing here reaches a camera or a server, and no picture comes from one. Whoever may
// see the pictures opens them as files; they stay in this page and go with it.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { homography, moveOf } from "../model/geometry.js";

const WAYS = ["over", "blink", "difference"];
const BLINK_MS = 900; // well below what WCAG 2.3.1 calls a flash

export function Compare({ camera, words }) {
  const { hfov_deg: hfov, aspect } = camera.config;
  const view = camera.report?.body.view;
  const move = hfov && view?.move && view.verdict !== "cannot_tell" ? moveOf(view.move) : null;
  const [loaded, setLoaded] = useState({ registered: false, present: false });
  const [fault, setFault] = useState(false);
  const [share, setShare] = useState(50);
  const [way, setWay] = useState("over");
  const [back, setBack] = useState(true);
  const stage = useRef(null);
  const canvases = { registered: useRef(null), present: useRef(null) };
  const blinked = useBlink(way === "blink");
  useEffect(() => {
    stage.current.style.aspectRatio = String(aspect); // by script: the page's policy allows no style attribute
  }, [aspect]);
  const turned = move && back;
  useTransform(canvases.present, stage, turned ? homography(move, hfov) : null);
  const load = async (which, file) => {
    if (!file) return;
    const canvas = canvases[which].current;
    try {
      const picture = await createImageBitmap(file);
      Object.assign(canvas, { width: picture.width, height: picture.height });
      canvas.getContext("2d").drawImage(picture, 0, 0);
      picture.close();
      setLoaded((old) => ({ ...old, [which]: true }));
      setFault(false);
    } catch {
      setFault(true);
    }
  };
  const opacity = { over: share / 100, blink: blinked ? 1 : 0, difference: 1 }[way];
  const say = words.t(turned ? "compare.say_back" : "compare.say_raw");
  const numbers = words.axes(view?.move ?? null, null).map((one) => one.say).join(", ");
  return html`<section class="compare" data-compare=${camera.id} data-turned=${String(Boolean(turned))}>
    <header><h2>${words.t("compare.title", { camera: words.title(camera.config) })}</h2><p class="quiet">${words.t("compare.note")}</p></header>
    <div class="panel">
      <div class="stage" ref=${stage} role="img" aria-label=${say}>
        <canvas ref=${canvases.registered} />
        <canvas ref=${canvases.present} class=${way === "difference" ? "differ" : ""} style=${{ opacity: loaded.present ? opacity : 0 }} />
        ${!loaded.registered && !loaded.present && html`<p class="empty">${words.t("compare.empty")}</p>`}
      </div>
      <p class="legend">${move ? words.t("compare.by", { numbers }) : words.t(hfov ? "compare.no_move" : "compare.no_lens")}</p>
    </div>
    <div class="panel form">
      ${["registered", "present"].map((one) => html`<label key=${one} class="file">${words.t(`compare.${one}`)}<input type="file" accept="image/*" name=${one} onChange=${(event) => load(one, event.target.files[0])} /></label>`)}
      ${fault && html`<p role="alert" class="notice bad">${words.t("zones.picture_failed")}</p>`}
      <div class="segments" role="group" aria-label=${words.t("compare.way")}>
        ${WAYS.map((one) => html`<button key=${one} type="button" data-way=${one} aria-pressed=${String(one === way)} onClick=${() => setWay(one)}>${words.t(`compare.${one}`)}</button>`)}
      </div>
      ${way === "over" && html`<label>${words.t("compare.share")}<input type="range" name="share" min="0" max="100" value=${share} onInput=${(event) => setShare(Number(event.target.value))} /></label>`}
      <label class="check"><input type="checkbox" name="back" checked=${back} disabled=${!move} onChange=${(event) => setBack(event.target.checked)} />${words.t("compare.back")}</label>
    </div>
  </section>`;
}

/** True and false in turn while `on`. */
function useBlink(on) {
  const [shown, setShown] = useState(true);
  useEffect(() => {
    if (!on) return undefined;
    const timer = setInterval(() => setShown((old) => !old), BLINK_MS);
    return () => clearInterval(timer);
  }, [on]);
  return shown;
}

/** Lay an element over its stage by a homography in half widths of the stage; null: as it is. */
function useTransform(element, stage, h) {
  const key = h ? h.flat().join() : "";
  useLayoutEffect(() => {
    const apply = () => {
      const half = stage.current.clientWidth / 2;
      element.current.style.transform = h ? matrix3d(h, half) : "";
    };
    apply();
    const observer = new ResizeObserver(apply);
    observer.observe(stage.current);
    return () => observer.disconnect();
  }, [key]);
}

/** CSS counts in pixels from the element's middle, column by column, with z passed through. */
function matrix3d([[a, b, c], [d, e, f], [g, h, i]], half) {
  return `matrix3d(${[a, d, 0, g / half, b, e, 0, h / half, 0, 0, 1, 0, c * half, f * half, 0, i].join(",")})`;
}
