// What a verified report says beside the view: sign, lifecycle, health, configuration, ledger.

import { html } from "../vendor/preact.js";
import { isInForce, witnessStanding } from "../model/camera.js";
import { isBoard } from "../model/finding.js";
import { DISAGREEMENTS } from "../schema.js";
import { hex } from "../wire/cose.js";
import { signed } from "../words.js";

export function Facts({ camera, words, now }) {
  const report = camera.report;
  if (!report) return html`<p class="quiet">${words.t("verdict.none")}</p>`;
  const groups = [[...beside(report.body.view, words), ...signage(report.body, words), ...mount(report.body.mount, words), ...watching(report.body.events, now, words)], standing(camera, words, now), device(report.body, words), records(camera, words, now)];
  return html`<div class="facts">
    ${groups.map((rows, at) => html`<dl key=${at}>
      ${rows.map((row) => html`<div key=${row.name} class=${`fact ${row.tone ?? ""}`} data-fact=${row.key}>
        <dt>${row.name}</dt><dd>${row.value}</dd></div>`)}
    </dl>`)}
  </div>`;
}

/** What stands beside the picture's verdict: learned references, and the camera's own sensors. */
function beside(view, words) {
  const rows = [];
  if (view.learned) {
    const parts = [words.t("references.learned", { n: view.learned })];
    if (view.by) parts.push(words.t("references.by", { hash: hex(view.by) }));
    rows.push({ key: "references", name: words.t("references"), value: parts.join(" · ") });
  }
  if (view.corroboration?.length) {
    const value = view.corroboration.map((word) => words.member("Corroboration", word)).join(words.t("list.comma"));
    const tone = view.corroboration.some((word) => DISAGREEMENTS.includes(word)) ? "warn" : "good";
    rows.push({ key: "corroboration", name: words.t("corroboration"), value, tone });
  }
  return rows;
}

const code = (bytes) => html`<code>${hex(bytes).slice(0, 16)}</code>`;

function signage({ signage: sign }, words) {
  const lamp = words.member("LitState", sign.lit);
  const current = sign.current_ma === null ? "" : ` · ${words.t("sign.current", { n: sign.current_ma })}`;
  const source = sign.source && words.member("SignageSource", sign.source);
  const until = sign.photo_until && words.t("sign.photo_until", { day: sign.photo_until });
  const state = [words.member("SignageState", sign.state), source, until].filter(Boolean).join(" · ");
  return [
    { key: "sign", name: words.t("sign"), value: state, tone: signTone(sign.state) },
    { key: "lamp", name: words.t("sign.lamp"), value: lamp + current, tone: lampTone(sign.lit) },
  ];
}

const signTone = (state) => ({ present: "good", unknown: "" })[state] ?? "bad";
const lampTone = (lit) => ({ lit: "good", failing: "bad", unlit: "warn" })[lit] ?? "";

/** What a board of sensors feels: whether gravity lies as registered, and the switch in its case. */
function mount(felt, words) {
  if (!felt) return [];
  const degrees = (mdeg) => signed(mdeg / 1000);
  const number = (deci) => words.count.format(deci / 10);
  const parts = [words.view(felt)];
  if (felt.tilt_mdeg !== null && felt.roll_mdeg !== null) {
    const error = words.count.format((felt.error_mdeg ?? 0) / 1000);
    parts.push(words.t("mount.turned", { tilt: degrees(felt.tilt_mdeg), roll: degrees(felt.roll_mdeg), error }));
  }
  if (felt.temperature_dc !== null && felt.registered_dc !== null) {
    parts.push(words.t("mount.temperature", { now: number(felt.temperature_dc), then: number(felt.registered_dc) }));
  }
  const tone = { same: "good", moved: "bad" }[felt.verdict] ?? "warn";
  const rows = [{ key: "mount", name: words.t("mount"), value: parts.join(" · "), tone }];
  if (felt.case !== null) {
    rows.push({ key: "case", name: words.t("case"), value: words.member("TamperState", felt.case), tone: felt.case === "open" ? "bad" : "good" });
  }
  return rows;
}

/** Whether zones are watched, and flags that nobody has reported yet. */
function watching(events, now, words) {
  if (!events) return [];
  const zones = events.zones ? ` · ${words.t("watch.zones", { n: words.count.format(events.zones) })}` : "";
  const rows = [{
    key: "watch", name: words.t("watch"), value: words.member("WatchState", events.state) + zones,
    tone: { watching: "good", suspended: "warn" }[events.state] ?? "",
  }];
  if (events.unreported > 0) {
    const age = events.oldest_ms === null ? "–" : words.span(now - events.oldest_ms);
    const value = words.t("watch.oldest", { n: words.count.format(events.unreported), age });
    rows.push({ key: "unreported", name: words.t("watch.unreported"), value, tone: "bad" });
  }
  return rows;
}

/** The filing that is owed, in days of the rule set's calendar (UTC+8), as the camera says. */
function filing(due, now, words) {
  if (due === null) return [];
  const today = Math.floor((now + 8 * 3_600_000) / 86_400_000);
  const left = Math.floor(Date.parse(due) / 86_400_000) - today;
  if (!Number.isFinite(left)) return [];
  const key = left < 0 ? "filing.overdue" : "filing.left";
  const text = words.t(key, { n: words.count.format(Math.abs(left)), day: due });
  return [{ key: "filing", name: words.t("filing"), value: text, tone: left < 0 ? "bad" : "warn" }];
}

/** Who signed the configuration that lies ready, and whether the camera obeys that one. */
function signers(camera, words, now) {
  const name = words.t("config.signers");
  if (!camera.desired) {
    return camera.unchecked.has("config") ? [{ key: "signers", name, value: words.t("config.unchecked") }] : [];
  }
  const { header, signers: people } = camera.desired;
  const force = isInForce(camera);
  const values = { who: people.join(words.t("list.comma")), n: words.count.format(header.sequence), time: words.time(1000 * header.issued_at, now) };
  return [{ key: "signers", name, value: words.t(force ? "config.in_force" : "config.not_in_force", values), tone: force ? "good" : "warn" }];
}

/** What a witness countersigned of the ledger. */
function witness(camera, words, now) {
  const name = words.t("witness");
  const standing = witnessStanding(camera);
  if (standing === "none") {
    return camera.unchecked.has("witness") ? [{ key: "witness", name, value: words.t("witness.unchecked") }] : [];
  }
  const said = camera.witnessed;
  const values = { who: said.who, n: words.count.format(said.size), time: words.time(said.seen_ms, now) };
  const proof = standing === "ahead" ? "" : ` · ${words.t(said.proven ? "witness.proven" : "witness.unproven")}`;
  const tone = { whole: "good", behind: "", ahead: "bad" }[standing];
  return [{ key: "witness", name, value: words.t(`witness.${standing}`, values) + proof, tone }];
}

function standing(camera, words, now) {
  const { body } = camera.report;
  const due = ["filing_due", "change_due"].includes(body.lifecycle);
  const sequence = words.t("config.sequence", { n: words.count.format(body.config_sequence) });
  const refusals = body.refusals === 0
    ? words.t("refusals.none")
    : words.t("refusals.last", {
        count: words.count.format(body.refusals),
        reason: body.last_refusal ? `${words.reason(body.last_refusal)} (${body.last_refusal})` : "–",
      });
  return [
    { key: "lifecycle", name: words.t("lifecycle"), value: words.member("LifecycleState", body.lifecycle), tone: due ? "warn" : "" },
    ...filing(body.filing_due_on, now, words),
    { key: "config", name: words.t("config"), value: body.config_hash ? html`${sequence} ${code(body.config_hash)}` : words.t("config.none") },
    ...signers(camera, words, now),
    { key: "refusals", name: words.t("refusals"), value: refusals, tone: body.refusals ? "warn" : "" },
  ];
}

function device(body, words) {
  const { health } = body;
  const findings = health.findings.length
    ? health.findings.map((one) => words.member("ViewCause", one)).join(", ")
    : words.t("health.well");
  const rows = isBoard(body) ? [] : [
    { key: "picture", name: words.t("health.findings"), value: findings, tone: health.findings.length ? "warn" : "good" },
    { key: "frames", name: words.t("health.frames"), value: words.t("health.frames_value", { n: words.count.format(health.frame_rate_mhz / 1000) }) },
  ];
  const add = (key, value, text) => value !== null && rows.push({ key, name: words.t(`health.${key}`), value: text(value) });
  add("storage", health.storage_free_permille, (n) => words.share(n));
  add("temperature", health.temperature_dc, (n) => `${words.count.format(n / 10)} °C`);
  add("cpu", health.cpu_permille, (n) => words.share(n));
  add("memory", health.memory_kib, (n) => `${words.count.format(Math.round(n / 1024))} MiB`);
  add("uptime", health.uptime_s, (n) => words.span(1000 * n));
  return rows;
}

const UPDATE_TONES = { proved: "good", refused: "bad", taken_back: "bad", started: "warn" };

/** The last program that was offered, how far it got, and why no farther. */
function progress(update, words, now) {
  if (!update) return [];
  const { stage, reason, running } = update.body;
  const parts = [
    words.program(update.body),
    reason && `${words.reason(reason)} (${reason})`,
    running && words.t("update.runs", { version: running }),
    words.time(update.header.utc_ms, now),
  ];
  return [{ key: "update", name: words.t("update"), value: parts.filter(Boolean).join(" · "), tone: UPDATE_TONES[stage] ?? "" }];
}

/** What the camera says it lost, of what is known here. */
function gaps(camera, words, now) {
  const told = camera.events.filter(({ what }) => what === "gap");
  if (!told.length) return [];
  const n = told.reduce((sum, { gap }) => sum + gap.lost, 0);
  return [{ key: "gaps", name: words.t("gaps"), value: words.t("gaps.lost", { n: words.count.format(n), time: words.time(told[0].at, now) }), tone: "warn" }];
}

function records(camera, words, now) {
  const { header, body } = camera.report;
  const { checkpoint } = camera;
  const rows = [
    ...(body.program === null ? [] : [{ key: "program", name: words.t("program"), value: body.program }]),
    ...progress(camera.update, words, now),
    { key: "ledger", name: words.t("ledger"), value: html`${words.t("ledger.entries", { n: words.count.format(body.ledger_size) })} ${code(body.ledger_root)}` },
    { key: "clock", name: words.t("clock"), value: words.member("ClockTrust", header.clock), tone: header.clock === "synchronised" ? "good" : "warn" },
    { key: "identity", name: words.t("identity"), value: html`<code>${camera.key.kid}</code>` },
  ];
  if (checkpoint) {
    rows.splice(rows.length - 2, 0, { key: "checkpoint", name: "", value: words.t("ledger.checkpoint", { n: words.count.format(checkpoint.size) }) });
  }
  rows.splice(rows.length - 2, 0, ...witness(camera, words, now));
  rows.push(...gaps(camera, words, now));
  if (camera.olderCount) rows.push({ key: "older", name: words.t("older"), value: words.count.format(camera.olderCount) });
  return rows;
}
