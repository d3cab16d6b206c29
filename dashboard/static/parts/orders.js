// Orders: what was sent and who signed it, checked here; and what the camera made of it.
//
// A verdict names the message it is on by its hash, so the two are one line where both were seen.

import { html } from "../vendor/preact.js";
import { hex } from "../wire/cose.js";
import { Shield } from "./icons.js";

/** "Configuration no. 3: refused: the signature does not hold (bad_signature)". */
export function orderText(verdict, words) {
  const key = verdict.accepted ? "order.accepted" : "order.refused";
  return named(key, verdict.order, verdict.sequence, words, { reason: `${words.reason(verdict.reason)} (${verdict.reason})` });
}

function named(key, kind, number, words, values = {}) {
  const sequence = number === null ? "" : words.t("order.number", { n: number });
  return words.t(key, { order: words.member("OrderKind", kind), sequence, ...values }).replace(" :", ":");
}

/** Verdicts with the orders they are on, and orders without one: newest first. */
export function ordersOf(camera) {
  const told = new Map(camera.told.map((one) => [one.message, one]));
  const rows = camera.orders.map((entry) => {
    const message = hex(entry.verdict.order_hash);
    const order = told.get(message);
    told.delete(message);
    return { at: entry.at, key: entry.place, verdict: entry.verdict, order };
  });
  for (const order of told.values()) rows.push({ at: order.at, key: order.message, verdict: null, order });
  return rows.sort((a, b) => b.at - a.at);
}

export function Orders({ camera, words, now }) {
  const rows = ordersOf(camera);
  const unchecked = camera.unchecked.has("orders") && html`<p class="quiet">${words.t("orders.unchecked")}</p>`;
  if (!rows.length) return html`${unchecked}<p class="quiet">${words.t("orders.none")}</p>`;
  return html`${unchecked}<ol class="log">
    ${rows.map(({ at, key, verdict, order }) => html`<li key=${key} data-order=${verdict ? (verdict.accepted ? "accepted" : "refused") : "sent"} data-reason=${verdict?.reason}>
      <time datetime=${Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : ""} title=${words.fullTime(at)}>${words.time(at, now)}</time>
      <span class="mark"><${Shield} state=${verdict ? (verdict.accepted ? "verified" : "refused") : "none"} /></span>
      <div><b>${verdict ? orderText(verdict, words) : named("order.sent", order.kind, order.header.sequence, words)}</b>
        ${verdict?.detail && html`<small>${verdict.detail}</small>`}
        ${order && html`<${Body} order=${order} words=${words} />`}</div>
    </li>`)}
  </ol>`;
}

/** What an order says, opened on demand; who signed it stands outside. */
function Body({ order, words }) {
  const { header, body, signers } = order;
  const rows = [
    ...BODIES[order.kind](body, words),
    [words.t("order.valid"), `${words.fullTime(1000 * header.not_before)} – ${words.fullTime(1000 * header.expires_at)}`],
    [words.t("order.issued"), words.fullTime(1000 * header.issued_at)],
  ];
  return html`<small>${words.t("order.signed_by", { who: signers.join(words.t("list.comma")) })}</small>
    <details class="order-body" data-body=${order.kind}><summary>${words.t("order.body")}</summary>
      <dl>${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></details>`;
}

const day = (s, words) => words.fullTime(1000 * s);
const yes = (value, words) => words.t(value ? "yes" : "no");

const BODIES = {
  config: (body, words) => [
    [words.t("order.view"), body.view_hash ? html`<code>${hex(body.view_hash).slice(0, 16)}</code>` : "–"],
    [words.t("order.tolerance"), `±${body.tolerance.pan_mdeg / 1000}° / ±${body.tolerance.tilt_mdeg / 1000}° / ±${body.tolerance.roll_mdeg / 1000}° / ±${body.tolerance.zoom_ppm / 10000} %`],
    [words.t("order.periods"), words.t("order.periods_value", { check: body.check_period_ms / 1000, report: body.report_period_s })],
    [words.t("order.place"), [words.member("Regime", body.place.regime), body.place.codes.join(" "), body.place.gb28181_id, body.place.consent].filter(Boolean).join(" · ")],
    [words.t("sign"), [body.sign.operator, body.sign.purpose, body.sign.phone].join(" · ")],
    [words.t("order.lit"), yes(body.sign.lit_required, words)],
    [words.t("order.retention"), words.t("drift.days", { n: body.retention_days })],
    [words.t("watch"), (body.zones ?? []).map((zone) => zone.name).join(words.t("list.comma")) || "–"],
  ],
  keyset: (body, words) => [
    [words.t("order.version"), `${body.version} · ${words.t("order.epoch", { n: body.epoch })}`],
    ...body.keys.map((key) => [key.person, `${key.roles.map((role) => words.member("Role", role)).join(words.t("list.comma"))} · ${day(key.not_before, words)} – ${day(key.not_after, words)}`]),
    [words.t("order.thresholds"), body.thresholds.map((one) => `${words.member("Role", one.role)} ${one.persons}`).join(words.t("list.comma"))],
  ],
  lifecycle: (body, words) => [
    [words.t("order.to"), words.member("LifecycleState", body.to)],
    [words.t("order.on"), body.on_date],
    [words.t("order.document"), body.document],
    ...(body.passed === null ? [] : [[words.t("order.passed"), yes(body.passed, words)]]),
  ],
  grant: (body, words) => [
    [words.t("order.approver"), body.approver],
    [words.t("order.officers"), body.officers.join(words.t("list.comma"))],
    [words.t("order.purpose"), body.purpose],
    [words.t("order.footage"), `${day(body.from_s, words)} – ${day(body.to_s, words)}`],
    [words.t("order.destination"), body.destination],
    [words.t("order.document"), body.approval],
  ],
  command: (body, words) => [
    [words.t("order.command"), html`<code>${body.name}</code>`],
    ...(body.argument === null ? [] : [[words.t("order.argument"), body.argument]]),
  ],
};
