// What happened: events, verdicts on orders, and messages that were not verified.

import { html } from "../vendor/preact.js";
import { Acknowledge } from "./acknowledge.js";
import { detailOf } from "./detail.js";
import { Flag } from "./flag.js";
import { Alarm as AlarmMark, Shield, VerdictIcon } from "./icons.js";
import { orderText } from "./orders.js";

/** Alarms that stand, the latest first; with a recorder each can be acknowledged. */
export function Alarms({ camera, words, now, recorder }) {
  const standing = [...camera.alarms.values()].sort((a, b) => b.body.since_ms - a.body.since_ms);
  return standing.map((alarm) => html`
    <div key=${alarm.id} class="alarm" data-alarm=${alarm.body.alarm} data-broker-says=${alarm.withheld ? "nothing" : alarm.cleared ? "cleared" : "standing"}>
      <p><${AlarmMark} />
        <b>${words.member("AlarmKind", alarm.body.alarm)}</b>
        <span>${words.t("alarm.since", { time: words.time(alarm.body.since_ms, now) })}</span>
        <span class="detail">${detailOf(alarm.body, words)}</span>
        ${(alarm.withheld || alarm.cleared) && html`<small>${words.t(alarm.withheld ? "alarm.withheld" : "alarm.cleared")}</small>`}</p>
      ${recorder && !alarm.withheld && html`<${Acknowledge} camera=${camera} alarm=${alarm} words=${words} now=${now} recorder=${recorder} />`}
    </div>`);
}

export function Events({ camera, words, now, limit = 200 }) {
  if (!camera.events.length) return html`<p class="quiet">${words.t("events.none")}</p>`;
  return html`<ol class="log">
    ${camera.events.slice(0, limit).map((entry) => html`
      <${Entry} key=${`${entry.place}${entry.what}${entry.at}`} camera=${camera} entry=${entry} words=${words} now=${now} />`)}
  </ol>`;
}

function Entry({ camera, entry, words, now }) {
  const { text, notes, mark } = tell(entry, words);
  const about = [
    ...notes,
    entry.source === "history" && words.t("event.history"),
    entry.signed === false && words.t(entry.source === "recorder" ? "event.recorder" : "event.unsigned"),
    entry.clock === "floor" && words.t("event.clock"),
  ].filter(Boolean);
  return html`<li data-event=${entry.what} data-source=${entry.source}>
    <time datetime=${iso(entry.at)} title=${words.fullTime(entry.at)}>${words.time(entry.at, now)}</time>
    <span class="mark">${mark}</span>
    <div><b>${text}</b>${about.length > 0 && html`<small>${about.join(" · ")}</small>`}
      ${entry.what === "event" && html`<${Flag} camera=${camera} entry=${entry} words=${words} now=${now} />`}</div>
  </li>`;
}

const iso = (ms) => (Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : "");

/** One entry in words: {text, notes, mark}. */
export function tell(entry, words) {
  const { t } = { t: words.t.bind(words) };
  switch (entry.what) {
    case "event": {
      const { event, zone, direction, confidence_permille: confidence, started_ms: from, ended_ms: to, alarm_method: method, alarm_type: type } = entry.event;
      return {
        text: words.member("EventKind", event),
        notes: [
          zone && t("event.zone", { zone }),
          direction && words.member("LineDirection", direction),
          t("event.confidence", { share: words.share(confidence) }),
          to !== null && to >= from && t("event.lasted", { age: words.span(to - from) }),
          t("event.code", { method, type }),
        ],
        mark: html`<${AlarmMark} />`,
      };
    }
    case "alarm_began":
    case "alarm_ended": {
      const began = entry.what === "alarm_began";
      const text = `${t(began ? "alarm.began" : "alarm.ended")}: ${words.member("AlarmKind", entry.alarm.alarm)}`;
      return { text, notes: [began && detailOf(entry.alarm, words)], mark: began ? html`<${AlarmMark} />` : null };
    }
    case "view":
    case "mount":
      return { text: t(`event.${entry.what}`, { verdict: words.view(entry.found) }), notes: [], mark: html`<${VerdictIcon} verdict=${entry.found.verdict} />` };
    case "order":
      return { text: orderText(entry.verdict, words), notes: [entry.verdict.detail], mark: null };
    case "access":
      return { text: accessText(entry.access, words), notes: accessNotes(entry.access, words), mark: entry.access.cover === "grant" ? null : html`<${AlarmMark} />` };
    case "update": {
      const { reason, running } = entry.update;
      return {
        text: t("event.update", { program: words.program(entry.update) }),
        notes: [reason && `${words.reason(reason)} (${reason})`, running && t("update.runs", { version: running })],
        mark: null,
      };
    }
    case "gap": {
      const { lost, first_sequence: first, last_sequence: last, unconfirmed } = entry.gap;
      const notes = [unconfirmed && t("event.gap.unconfirmed", { n: words.count.format(unconfirmed) })];
      return { text: t("event.gap", { lost: words.count.format(lost), first, last }), notes, mark: null };
    }
    case "clock_fix":
      return { text: t("event.clock_fix", { step: words.count.format(entry.fix.step_ms / 1000) }), notes: [], mark: null };
    default:
      return { text: t(`event.${entry.what}`), notes: [], mark: null };
  }
}

/** "Footage viewed: Li Wei, Zhang San". */
const accessText = ({ act, persons }, words) =>
  words.t("access.text", { act: words.member("AccessAct", act), persons: persons.join(", ") });

function accessNotes(one, words) {
  const when = words.t("access.footage", { from: words.fullTime(1000 * one.from_s), to: words.fullTime(1000 * one.to_s) });
  return [
    words.member("AccessCover", one.cover),
    one.unit,
    words.t("access.purpose", { purpose: one.purpose, destination: one.destination }),
    when,
    one.approver && words.t("access.approver", { name: one.approver }),
    one.approval && words.t("access.approval", { paper: one.approval }),
    words.t("access.entry", { n: words.count.format(one.entry) }),
  ].filter(Boolean);
}

/** The camera's register of looks at its footage; one that no grant covers is marked. */
export function Looks({ camera, words, now }) {
  if (!camera.looks.length) return html`<p class="quiet">${words.t("access.none")}</p>`;
  return html`<ol class="log">
    ${camera.looks.map((entry) => html`<li key=${entry.place} data-access=${entry.access.act} data-cover=${entry.access.cover}>
      <time datetime=${iso(entry.at)} title=${words.fullTime(entry.at)}>${words.time(entry.at, now)}</time>
      <span class="mark"><${Shield} state=${entry.access.cover === "grant" ? "verified" : "refused"} /></span>
      <span><b>${accessText(entry.access, words)}</b><small>${accessNotes(entry.access, words).join(" · ")}</small></span>
    </li>`)}
  </ol>`;
}

export function Unverified({ camera, words, now }) {
  if (!camera.refused.length) return html`<p class="quiet">${words.t("unverified.none")}</p>`;
  return html`<p class="quiet">${words.t("unverified.count", { count: words.count.format(camera.refusedCount) })} ${words.t("unverified.note")}</p>
    <ol class="log">
    ${camera.refused.map((entry, at) => html`<li key=${at} data-refused=${entry.reason}>
      <time datetime=${iso(entry.at)}>${words.time(entry.at, now)}</time>
      <span class="mark"><${Shield} state="refused" /></span>
      <span><b>${words.reason(entry.reason)} <code>${entry.reason}</code></b>
        <small>${words.t("unverified.on", { topic: entry.rest })}${entry.retained ? ` · ${words.t("unverified.retained")}` : ""} · <span lang="en">${entry.hint}</span></small></span>
    </li>`)}
  </ol>`;
}
