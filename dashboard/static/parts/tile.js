// One camera among many: verdict, frames and numbers at a glance; opens its page.

import { html } from "../vendor/preact.js";
import { ageMs, isStale, verdictOf } from "../model/judge.js";
import { hooks } from "./card.js";
import { Frames } from "./frames.js";
import { Alarm, Clock, Dot, Shield, VerdictIcon } from "./icons.js";

export const href = (camera) => `#/camera/${camera.id}`;

export function Tile({ camera, words, now }) {
  const view = camera.report?.body.view;
  const stale = isStale(camera, now);
  const { state } = camera.signature;
  return html`<article class=${`tile state-${verdictOf(camera)}`} ...${hooks(camera, now)}>
    <header>
      <${VerdictIcon} verdict=${verdictOf(camera)} />
      <h2><a href=${href(camera)} aria-label=${words.t("open", { title: words.title(camera.config) })}>${words.title(camera.config)}</a></h2>
      <code class="ids">${camera.id}</code>
    </header>
    <${Frames} camera=${camera} words=${words} dim=${stale || camera.online === false} />
    <div class="side">
      <p class="verdict-text">${words.view(view)}</p>
      <dl>${words.axes(view?.move).map((one) => html`<div key=${one.axis}><dt>${one.name}</dt><dd>${one.text}</dd></div>`)}</dl>
    </div>
    <footer>
      <span class=${`online-${camera.online}`}><${Dot} state=${String(camera.online)} />${words.t(`online.${camera.online}`)}</span>
      <span class=${`signature-${state}`}><${Shield} state=${state} />${state === "refused" ? words.t("filter.refused") : html`<span class="sr">${words.t(`signature.${state}`)}</span>`}</span>
      <span class=${stale ? "stale" : ""}><${Clock} />${words.age(ageMs(camera, now), stale)}</span>
      ${camera.alarms.size > 0 && html`<span class="alarms"><${Alarm} />${[...camera.alarms.values()].map(({ body }) => words.member("AlarmKind", body.alarm)).join(", ")}</span>`}
    </footer>
  </article>`;
}
