// One camera among many: verdict, frames and numbers at a glance; opens its page.

import { html, useMemo, useRef } from "../vendor/preact.js";
import { measuredOf } from "../model/finding.js";
import { ageMs, isStale, verdictOf } from "../model/judge.js";
import { hooks } from "./card.js";
import { Alarm, Clock, Dot, Shield, VerdictIcon } from "./icons.js";
import { Outlook } from "./outlook.js";

export const href = (camera) => `#/camera/${camera.id}`;

/**
 * A tile is a place on the wall that shows one camera after the other. While the wall flies
 * past (`quick`) it shows the name and verdict alone.
 */
export function Tile({ camera, words, now, quick = false }) {
  const stale = isStale(camera, now);
  const age = words.age(ageMs(camera, now), stale);
  // The same element as before is not looked at again: thousands of redraws cost a few texts.
  const rest = useRef(null);
  const whole = useMemo(() => (quick ? rest.current : draw(camera, words, stale, age)), [quick, camera, camera.version, words, age]);
  rest.current = whole;
  return html`<article class=${`tile state-${verdictOf(camera)} ${quick ? "quick" : ""}`} ...${hooks(camera, now)}>
    <header>
      <${VerdictIcon} verdict=${verdictOf(camera)} />
      <h2><a href=${href(camera)} aria-label=${words.t("open", { title: words.title(camera.config) })}>${words.title(camera.config)}</a></h2>
      <code class="ids">${camera.id}</code>
    </header>
    ${whole}
  </article>`;
}

function draw(camera, words, stale, age) {
  const body = camera.report?.body;
  const { state } = camera.signature;
  return html`<div class="rest">
    <${Outlook} camera=${camera} words=${words} dim=${stale || camera.online === false} brief />
    <div class="side">
      <p class="verdict-text">${words.finding(body)}</p>
      <dl>${words.axes(measuredOf(body)).map((one) => html`<div key=${one.axis}><dt>${one.name}</dt><dd>${one.text}</dd></div>`)}</dl>
    </div>
    <footer>
      <span class=${`online-${camera.online}`}><${Dot} state=${String(camera.online)} />${words.t(`online.${camera.online}`)}</span>
      <span class=${`signature-${state}`}><${Shield} state=${state} />${state === "refused" ? words.t("filter.refused") : html`<span class="sr">${words.t(`signature.${state}`)}</span>`}</span>
      <span class=${stale ? "stale" : ""}><${Clock} />${age}</span>
      ${camera.alarms.size > 0 && html`<span class="alarms"><${Alarm} />${[...camera.alarms.values()].map(({ body }) => words.member("AlarmKind", body.alarm)).join(", ")}</span>`}
    </footer>
  </div>`;
}
