// One camera on paper: what its verified records say, and room for the inspector's hand.

import { html, useEffect, useState } from "../vendor/preact.js";
import { findingOf, isBoard } from "../model/finding.js";
import { verdictOf } from "../model/judge.js";
import { Axes } from "./axes.js";
import { Pills, hooks } from "./card.js";
import { Drift } from "./drift.js";
import { Facts } from "./facts.js";
import { Alarms, Events, Looks, Unverified } from "./log.js";
import { Orders, ordersOf } from "./orders.js";
import { Outlook } from "./outlook.js";
import { Sign } from "./sign.js";

const HOURS = 24 * 30;
const PARTS = { events: Events, orders: Orders, access: Looks, unverified: Unverified };

export function Report({ camera, words: spoken, now, recorder }) {
  // On paper no time may lack its day.
  const words = Object.create(spoken, { time: { value: (ms) => spoken.fullTime(ms) } });
  const [made] = useState(now);
  const [history, setHistory] = useState(recorder ? "loading" : "none");
  useEffect(() => {
    recorder?.loadHistory(camera, HOURS).then(() => setHistory("loaded"), () => setHistory("failed"));
  }, [camera, recorder]);
  const counts = { events: camera.events.length, orders: ordersOf(camera).length, access: camera.looks.length, unverified: camera.refusedCount };
  const body = camera.report?.body;
  const found = findingOf(body);
  const looked = isBoard(body) ? "mount" : "view";
  return html`<article class="report" data-report=${history} ...${hooks(camera, now)}>
    <header>
      <h2>${words.t("report")}</h2>
      <button type="button" class="toggle" data-print onClick=${() => print()}>${words.t("report.print")}</button>
      <p><b>${words.title(camera.config)}</b> <code>${camera.id}</code></p>
      <p>${words.t("report.made", { time: words.fullTime(made) })}</p>
      <p class=${`state-${verdictOf(camera)}`}>${looked === "view" && `${words.t("verdict")}: `}<b class="verdict-text">${words.finding(body)}</b>
        ${found && ` · ${words.t("since", { time: words.fullTime(found.since_ms) })}`}</p>
      <${Pills} camera=${camera} words=${words} now=${now} />
      ${camera.alarms.size > 0 && html`<div class="notices"><${Alarms} camera=${camera} words=${words} now=${now} recorder=${null} /></div>`}
    </header>
    <div class="sheets">
      <section><h3>${words.t(looked === "mount" ? "mount" : "frames.title")}</h3><${Outlook} camera=${camera} words=${words} /><${Axes} camera=${camera} words=${words} /></section>
      <section><h3>${words.t("details")}</h3><${Facts} camera=${camera} words=${words} now=${now} /><${Sign} camera=${camera} words=${words} /></section>
    </div>
    <section><h3>${words.t("drift.title")}</h3><${Drift} camera=${camera} words=${words} now=${now} hours=${recorder ? HOURS : null} />
      <p class="legend">${words.t(recorder ? "report.history" : "report.no_history")}</p></section>
    ${Object.entries(PARTS).map(([name, Part]) => html`<section key=${name}>
      <h3>${words.t(name)} (${words.count.format(counts[name])})</h3><${Part} camera=${camera} words=${words} now=${now} /></section>`)}
    <p class="quiet">${words.t("report.word")}</p>
    <dl class="hand">
      ${["sign", looked, "remarks", "inspector", "date", "signature"].map((one) => html`<div key=${one}><dt>${words.t(`report.${one}`)}</dt><dd /></div>`)}
    </dl>
  </article>`;
}
