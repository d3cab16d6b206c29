// Every alarm that the recorder keeps: when, where, how it ended, who acknowledged it.
//
// Read and verified anew whenever the page is opened; it needs the recorder and no broker.

import { html, useEffect, useMemo, useState } from "../vendor/preact.js";
import { historyOf, isWanted, stateOf, toCsv } from "../model/alarm_history.js";
import { VOCABULARIES } from "../schema.js";
import { Acknowledge } from "./acknowledge.js";
import { download } from "./copy.js";
import { detailOf } from "./detail.js";
import { Alarm as AlarmMark } from "./icons.js";
import { href } from "./tile.js";

const DAYS = [1, 7, 30, 90, 400];
const STATES = ["standing", "ended", "cleared", "unknown"];
const PAGE = 100;
const AGAIN_MS = 30_000;

export function AlarmHistory({ store, words, now, recorder }) {
  const [days, setDays] = useState(30);
  const [filter, setFilter] = useState({ search: "", kind: "all", state: "all", acked: "all" });
  const [shown, setShown] = useState(PAGE);
  const [found, again] = useAlarms(recorder, days);
  const rows = useMemo(() => historyOf(found.records, found.cleared, found.acknowledgements), [found]);
  if (!recorder) return html`<section class="history"><h2>${words.t("history.title")}</h2><p class="empty">${words.t("history.no_recorder")}</p></section>`;
  const wanted = rows.filter((row) => isWanted(row, filter));
  const set = (name) => (event) => {
    setShown(PAGE);
    setFilter({ ...filter, [name]: event.target.value });
  };
  const select = (name, label, options) => html`<label>${label}<select name=${name} value=${filter[name]} onChange=${set(name)}>
    ${options.map(([value, text]) => html`<option key=${value} value=${value} selected=${value === filter[name]}>${text}</option>`)}</select></label>`;
  const all = ["all", words.t("history.all")];
  return html`<section class="history" data-history-state=${found.state}>
    <header><h2>${words.t("history.title")}</h2>
      <button type="button" class="toggle" data-csv disabled=${!wanted.length} onClick=${() => download(toCsv(table(wanted, words)), "alarms.csv", "text/csv")}>${words.t("history.csv")}</button></header>
    <div class="filters" role="search" aria-label=${words.t("filters")}>
      <label>${words.t("search")}<input type="search" name="search" value=${filter.search} placeholder=${words.t("search.hint")} onInput=${set("search")} /></label>
      <label>${words.t("history.days")}<select name="days" value=${days} onChange=${(event) => setDays(Number(event.target.value))}>
        ${DAYS.map((one) => html`<option key=${one} value=${one} selected=${one === days}>${words.t("drift.days", { n: one })}</option>`)}</select></label>
      ${select("kind", words.t("history.kind"), [all, ...VOCABULARIES.AlarmKind.map((one) => [one, words.member("AlarmKind", one)])])}
      ${select("state", words.t("history.state"), [all, ...STATES.map((one) => [one, words.t(`history.${one}`)])])}
      ${select("acked", words.t("history.acked"), [all, ["yes", words.t("history.yes")], ["no", words.t("history.no")]])}
    </div>
    <p class="quiet" role="status">${said(found, wanted, rows, words)}</p>
    ${found.refused > 0 && html`<p class="notice bad" data-unverified=${found.refused}>${words.t("history.refused", { count: words.count.format(found.refused) })}</p>`}
    ${wanted.length > 0 && html`<${Table} rows=${wanted.slice(0, shown)} words=${words} now=${now} recorder=${recorder} done=${again} />`}
    ${wanted.length > shown && html`<p><button type="button" class="toggle" data-more onClick=${() => setShown(shown + PAGE)}>${words.t("history.more", { count: words.count.format(wanted.length - shown) })}</button></p>`}
  </section>`;
}

/** What the recorder keeps, read again now and then: [{state, records, ...}, again()]. */
function useAlarms(recorder, days) {
  const [found, setFound] = useState({ state: "loading", records: [], cleared: [], acknowledgements: [], refused: 0, more: false });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (!recorder) return undefined;
    let current = true;
    recorder.loadAlarms(24 * days).then(
      (read) => current && setFound({ ...read, state: "loaded" }),
      () => current && setFound((old) => ({ ...old, state: "failed" })),
    );
    const timer = setTimeout(() => setTurn((old) => old + 1), AGAIN_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [recorder, days, turn]);
  return [found, () => setTurn((old) => old + 1)];
}

function said(found, wanted, rows, words) {
  if (found.state === "loading") return words.t("history.loading");
  if (found.state === "failed") return words.t("history.unread");
  if (!rows.length) return words.t("history.none");
  const shown = words.t("history.shown", { shown: words.count.format(wanted.length), total: words.count.format(rows.length) });
  return found.more ? `${shown} ${words.t("history.older")}` : shown;
}

const COLUMNS = ["began", "camera", "kind", "state", "acked"];

function Table({ rows, words, now, recorder, done }) {
  // A phone shows the rows as cards, which takes a table's meaning away: the roles give it back.
  return html`<table class="alarm-table" role="table">
    <thead role="rowgroup"><tr role="row">${COLUMNS.map((one) => html`<th key=${one} scope="col" role="columnheader">${words.t(`history.${one}`)}</th>`)}</tr></thead>
    <tbody role="rowgroup">${rows.map((row) => html`<${Row} key=${row.key} row=${row} words=${words} now=${now} recorder=${recorder} done=${done} />`)}</tbody>
  </table>`;
}

function Row({ row, words, now, recorder, done }) {
  const { camera, kind, since, ended, word, acks, header } = row;
  const state = stateOf(row);
  const shown = { ...recorder, of: () => acks, acknowledge: async (...said) => { await recorder.acknowledge(...said); done(); } };
  return html`<tr role="row" data-alarm-row=${kind} data-state=${state} data-acked=${acks.length}>
    <td role="cell" data-label=${words.t("history.began")}><time datetime=${new Date(since).toISOString()} title=${words.fullTime(since)}>${words.fullTime(since)}</time>
      ${header?.clock === "floor" && html`<small>${words.t("event.clock")}</small>`}</td>
    <td role="cell" data-label=${words.t("history.camera")}><a href=${href(camera)}>${words.title(camera.config)}</a> <code>${camera.id}</code></td>
    <td role="cell" data-label=${words.t("history.kind")}><b>${state === "standing" && html`<${AlarmMark} />`} ${words.member("AlarmKind", kind)}</b>${row.detail && html`<small>${detailOf({ alarm: kind, detail: row.detail }, words)}</small>`}</td>
    <td role="cell" data-label=${words.t("history.state")}>${words.t(`history.${state}`)}
      ${ended !== null && html`<small>${words.time(ended, now)} · ${words.t("event.lasted", { age: words.span(ended - since) })}</small>`}
      ${word === "broker" && html`<small>${words.t("event.unsigned")}</small>`}</td>
    <td role="cell" data-label=${words.t("history.acked")}><div class="acks">
      ${header ? html`<${Acknowledge} camera=${camera} alarm=${{ header }} words=${words} now=${now} recorder=${shown} />` : "–"}</div></td>
  </tr>`;
}

/** What the download holds: the rows that are shown, times as ISO 8601 in UTC. */
function table(rows, words) {
  const iso = (ms) => (ms === null ? "" : new Date(ms).toISOString());
  const names = ["began", "ended", "site", "camera", "title", "kind", "detail", "state", "acked_at", "acked_by", "note"];
  const body = rows.flatMap((row) => {
    const { site, camera } = row.camera.config;
    const about = [iso(row.since), iso(row.ended), site, camera, words.title(row.camera.config), row.kind, row.detail, stateOf(row)];
    return (row.acks.length ? row.acks : [null]).map((ack) => [...about, ack ? iso(ack.at) : "", ack?.who ?? "", ack?.note ?? ""]);
  });
  return [names.map((one) => words.t(`csv.${one}`)), ...body];
}
