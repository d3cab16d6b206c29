// One camera whole: verdict, frames, drift, facts, and what happened.

import { html, useEffect, useState } from "../vendor/preact.js";
import { findingOf, isBoard, viewless } from "../model/finding.js";
import { ageMs, isStale, verdictOf } from "../model/judge.js";
import { DISAGREEMENTS } from "../schema.js";
import { verifier } from "../wire/cose.js";
import { Axes } from "./axes.js";
import { Drift } from "./drift.js";
import { Facts } from "./facts.js";
import { Clock, Dot, Shield, VerdictIcon } from "./icons.js";
import { Alarms, Events, Looks, Unverified } from "./log.js";
import { Orders, ordersOf } from "./orders.js";
import { Outlook } from "./outlook.js";
import { Sign } from "./sign.js";

/** What a test or a script can read off any card or tile without knowing its looks. */
export const hooks = (camera, now) => ({
  "data-camera": camera.id,
  "data-device": isBoard(camera.report?.body) ? "board" : "camera",
  "data-verdict": verdictOf(camera),
  "data-signature": camera.signature.state,
  "data-online": String(camera.online),
  "data-stale": String(isStale(camera, now)),
  "data-alarms": String(camera.alarms.size),
});

export function Pills({ camera, words, now }) {
  const stale = isStale(camera, now);
  const { state, reason } = camera.signature;
  const why = reason ? `: ${words.reason(reason)}` : "";
  const note = words.t("signature.note", { kid: camera.key.kid, algorithm: camera.key.name, verifier: verifier(camera.key) });
  return html`<ul class="pills">
    <li class=${`pill online-${camera.online}`} title=${words.t("online.note")}><${Dot} state=${String(camera.online)} />${words.t(`online.${camera.online}`)}</li>
    <li class=${`pill signature-${state}`} title=${note}><${Shield} state=${state} />${words.t(`signature.${state}`)}${why}</li>
    <li class=${`pill ${stale ? "stale" : "fresh"}`}><${Clock} />${words.age(ageMs(camera, now), stale)}</li>
  </ul>`;
}

export function Card({ camera, words, now, recorder = null, level = 2 }) {
  const body = camera.report?.body;
  const found = findingOf(body);
  const dim = camera.online === false || isStale(camera, now);
  const board = isBoard(body);
  const lack = viewless(camera);
  const history = useHistory(camera, recorder);
  const title = `name-${camera.id.replace("/", "-")}`;
  const named = (key) => `${words.title(camera.config)}: ${words.t(key)}`; // several cards stand on one page
  return html`<article class="card" aria-labelledby=${title} ...${hooks(camera, now)}>
    <header class=${`head state-${verdictOf(camera)}`}>
      <div class="verdict"><${VerdictIcon} verdict=${verdictOf(camera)} /></div>
      <div class="name">
        <${`h${level}`} id=${title}>${words.title(camera.config)}</${`h${level}`}>
        <p class="ids"><code>${camera.id}</code></p>
      </div>
      <p class="says"><b class="verdict-text">${words.finding(body)}</b>
        ${found && html`<span>${words.t("since", { time: words.time(found.since_ms, now) })}</span>`}</p>
      <${Pills} camera=${camera} words=${words} now=${now} />
    </header>
    <${Notices} camera=${camera} words=${words} now=${now} view=${body?.view} recorder=${recorder} />
    <div class="body">
      <section class="panel view" aria-label=${named(board ? "mount" : "frames.title")}>
        <h3>${words.t(board ? "mount" : "frames.title")}</h3>
        <${Outlook} camera=${camera} words=${words} dim=${dim} />
        <${Axes} camera=${camera} words=${words} />
        <p class="doings">${lack !== "no_camera" && html`<a href=${`#/compare/${camera.id}`}>${words.t("compare.open")}</a> `}${(!lack || lack === "no_lens") && html`<a href=${`#/zones/${camera.id}`}>${words.t("zones.draw")}</a> `}<a href=${`#/report/${camera.id}`}>${words.t("report")}</a></p>
      </section>
      <section class="panel" aria-label=${named("drift.title")}>
        <${DriftPanel} camera=${camera} words=${words} now=${now} history=${history} />
        <${Log} camera=${camera} words=${words} now=${now} />
      </section>
      <section class="panel" aria-label=${named("details")}>
        <h3>${words.t("details")}</h3>
        <${Facts} camera=${camera} words=${words} now=${now} />
        <${Sign} camera=${camera} words=${words} />
      </section>
    </div>
  </article>`;
}

function Notices({ camera, words, now, view, recorder }) {
  const { state } = camera.signature;
  const disagreeing = view?.corroboration?.filter((one) => DISAGREEMENTS.includes(one)) ?? [];
  return html`<div class="notices">
    <${Alarms} camera=${camera} words=${words} now=${now} recorder=${recorder} />
    ${[...camera.faults].map((fault) => html`<p key=${fault} class="notice bad" data-fault=${fault}>${words.t(`fault.${fault}`)}</p>`)}
    ${state === "refused" && html`<p class="notice bad" data-notice="refused">
      <${Shield} state="refused" />
      ${words.t("signature.refused")}: ${words.reason(camera.signature.reason)} <code>${camera.signature.reason}</code>
      ${camera.report && html` <span class="detail">${words.t("signature.keeps")}</span>`}</p>`}
    ${disagreeing.map((one) => html`<p key=${one} class="notice warn" data-notice=${one}>${words.t("corroboration")}: ${words.member("Corroboration", one)}</p>`)}
    ${(view?.latched || view?.lost_permille > 0) && html`<p class="notice">
      ${view.lost_permille > 0 && html`<span>${words.t("lost_share", { share: words.share(view.lost_permille) })}</span>`}
      ${view.latched && html`<span class="detail">${words.t("latched")}</span>`}</p>`}
  </div>`;
}

const WINDOWS = [null, 1, 24];
const WINDOWS_RECORDED = [1, 24, 168, 720];

/** What the recorder remembers of this camera: {hours, setHours, state}. */
function useHistory(camera, recorder) {
  const [hours, setHours] = useState(recorder ? 24 : null);
  const [state, setState] = useState(recorder ? "loading" : "none");
  useEffect(() => {
    if (!recorder) return undefined;
    let current = true;
    setState("loading");
    recorder.loadHistory(camera, hours).then(
      () => current && setState("loaded"),
      () => current && setState("failed"),
    );
    return () => {
      current = false;
    };
  }, [camera, recorder, hours]);
  return { hours, setHours, state, windows: recorder ? WINDOWS_RECORDED : WINDOWS };
}

function DriftPanel({ camera, words, now, history }) {
  const { hours, setHours, state, windows } = history;
  const name = (one) => {
    if (one === null) return words.t("drift.all");
    return one > 24 ? words.t("drift.days", { n: one / 24 }) : words.t("drift.hours", { n: one });
  };
  return html`<div class="panel-head" data-history=${state}><h3>${words.t("drift.title")}</h3>
      <div class="segments" role="group" aria-label=${words.t("drift.window")}>
        ${windows.map((one) => html`<button key=${one} type="button" aria-pressed=${String(one === hours)} onClick=${() => setHours(one)}>${name(one)}</button>`)}
      </div></div>
    <${Drift} camera=${camera} words=${words} now=${now} hours=${hours} />
    <p class="legend">${state in STATES ? words.t(STATES[state]) : camera.drift.some((one) => one.move) && words.t("drift.band")}</p>`;
}

const STATES = { loading: "history.loading", failed: "history.failed" };
const TABS = { events: Events, orders: Orders, access: Looks, unverified: Unverified };

/** Tabs by the pattern of the ARIA authoring practices: arrows move, one stop for Tab. */
function Log({ camera, words, now }) {
  const [chosen, choose] = useState("events");
  const names = Object.keys(TABS);
  const id = (name) => `tab-${camera.id.replace("/", "-")}-${name}`;
  const counts = { events: camera.events.length, orders: ordersOf(camera).length, access: camera.looks.length, unverified: camera.refusedCount };
  const onKeyDown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = names[(names.indexOf(chosen) + step + names.length) % names.length];
    choose(next);
    document.getElementById(id(next))?.focus();
  };
  const Shown = TABS[chosen];
  return html`<div class="tabs">
    <div role="tablist" aria-label=${words.t("events")} onKeyDown=${onKeyDown}>
      ${names.map((name) => html`<button key=${name} id=${id(name)} type="button" role="tab" data-tab=${name}
        aria-selected=${String(name === chosen)} aria-controls=${`${id(name)}-panel`} tabindex=${name === chosen ? 0 : -1}
        onClick=${() => choose(name)}>${words.t(name)} <span class=${`count ${name === "unverified" && counts[name] ? "bad" : ""}`}>${words.count.format(counts[name])}</span></button>`)}
    </div>
    <div role="tabpanel" id=${`${id(chosen)}-panel`} aria-labelledby=${id(chosen)} tabindex="0" class="tabpanel">
      <${Shown} camera=${camera} words=${words} now=${now} />
    </div>
  </div>`;
}
