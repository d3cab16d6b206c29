// A suspicious-event flag whole: what was followed, on whose eyes, by which article, and the
// reporting clock until a signed order closes it.

import { html } from "../vendor/preact.js";
import { closingCommand, standingOf } from "../model/flags.js";
import { hex } from "../wire/cose.js";

const WIDTH = 10_000; // a track's lengths are in ten-thousandths of the registered width

export function Flag({ camera, entry, words, now }) {
  const { event } = entry;
  const standing = standingOf(camera, event, entry.at);
  const rows = [...factsOf(event, words), ...clockOf(standing, camera, event, words, now)];
  return html`${standing && html`<small class=${`flag flag-${standing.state}`} data-flag=${standing.state}>${said(standing, event, words, now)}</small>`}
    <details class="order-body" data-flag-facts=${event.event}><summary>${words.t("flag.facts")}</summary>
      <dl>${rows.map(([name, value]) => html`<div key=${name}><dt>${words.t(`flag.${name}`)}</dt><dd>${value}</dd></div>`)}</dl></details>`;
}

function said({ state, why, who }, event, words, now) {
  const values = { age: words.span(Math.max(0, now - event.started_ms)), why: why ?? "", who: (who ?? []).join(words.t("list.comma")) };
  return words.t(`flag.${state}`, values);
}

function factsOf(event, words) {
  const { zone, direction, track, detector, article, confidence_permille: confidence, started_ms: from, ended_ms: to, alarm_method: method, alarm_type: type } = event;
  const number = (value) => words.count.format(value);
  return [
    zone !== null && ["zone", zone],
    direction !== null && ["direction", words.member("LineDirection", direction)],
    track !== null && ["objects", number(track.objects)],
    track !== null && ["track", words.t("flag.track_value", {
      age: words.span(track.seen_ms), hits: number(track.hits), way: number(track.way / WIDTH), speed: number(track.speed / WIDTH),
    })],
    ["confidence", words.share(confidence)],
    ["began", words.fullTime(from)],
    ["ended", to === null ? words.t("flag.going_on") : words.fullTime(to)],
    ["detector", detector === null ? words.t("flag.own_eyes") : html`<code>${detector}</code>`],
    article !== null && ["article", html`<span lang="en">${article}</span>`],
    ["code", words.t("event.code", { method, type })],
    event.event_id !== null && ["id", html`<code>${hex(event.event_id)}</code>`],
  ].filter(Boolean);
}

function clockOf(standing, camera, event, words, now) {
  if (!standing) return [];
  const rows = [["clock", said(standing, event, words, now)]];
  if (standing.state === "waiting") rows.push(["close", html`<code>${closingCommand(camera, event)}</code>`]);
  return rows;
}
