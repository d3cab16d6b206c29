// Drift over time: one row an axis, tolerance shaded, standard error as a ribbon.

import { html } from "../vendor/preact.js";
import { isInForce, toleranceOf } from "../model/camera.js";
import { errorOf, moveOf } from "../model/geometry.js";
import { axesOf, signed } from "../words.js";
import { tell } from "./log.js";

const WIDTH = 600, ROW = 46;
const LEAST = { pan: 0.5, tilt: 0.5, roll: 0.5, zoom: 0.02 };

export function Drift({ camera, words, now, hours = null }) {
  const from = hours === null ? -Infinity : now - hours * 3_600_000;
  const points = camera.drift.filter((one) => one.at >= from && one.at <= now + 60_000);
  const last = points.findLast((one) => one.move)?.move;
  if (!last) return html`<p class="quiet">${words.t("drift.none")}</p>`;
  const start = hours === null ? points[0].at : from;
  const end = Math.max(now, points.at(-1).at, start + 60_000);
  const x = (at) => ((at - start) / (end - start)) * WIDTH;
  const apart = silence(points, 1000 * (camera.config.report_period_s ?? 60));
  const marks = camera.events.filter((one) => one.at >= start && one.at <= end && MARKED[one.what]);
  return html`
    <div class="drift" data-band=${isInForce(camera) ? "signed" : "register"}>
      <${Marks} marks=${marks} words=${words} x=${x} />
      ${axesOf(last).map(({ axis, field, wire }) => html`
        <${Row} key=${axis} axis=${axis} words=${words} x=${x} marks=${marks}
          series=${series(points, axis, field, wire, apart)} blind=${blindSpans(points, end)}
          tolerance=${toleranceOf(camera)?.[field] ?? null} />`)}
      <div class="span"><time>${words.time(start, now)}</time><time>${words.time(end, now)}</time></div>
    </div>`;
}

/**
 * From how long without a report on, in ms, nothing was known: three periods, or three times what
 * lies between most of them where a recorder hands out a few of many.
 */
function silence(points, period) {
  const steps = points.slice(1).map((one, at) => one.at - points[at].at).sort((a, b) => a - b);
  return 3 * Math.max(period, steps[steps.length >> 1] ?? 0);
}

const series = (points, axis, field, wire, apart) =>
  points.map((one, at) => {
    const broken = at > 0 && one.at - points[at - 1].at > apart;
    if (!one.move || !(wire in one.move)) return { at: one.at, broken, value: null };
    const value = moveOf(one.move)[field];
    return { at: one.at, broken, value: axis === "zoom" ? value - 1 : value, error: errorOf(one.move)[field] };
  });

/** Stretches in which nothing could be told: [from, to] in milliseconds. */
function blindSpans(points, end) {
  const spans = [];
  points.forEach((one, at) => {
    if (one.verdict === "cannot_tell") spans.push([one.at, points[at + 1]?.at ?? end]);
  });
  return spans;
}

// What may explain a step in the curves, by its shape: alarm, event, other.
const MARKED = { event: "event", alarm_began: "alarm", order: "order", offline: "gap", gap: "gap" };
const SHAPES = { alarm: "M0 -5L5.5 5H-5.5Z", event: "M0 -5L5 0L0 5L-5 0Z", order: "M-4 -4H4V4H-4Z", gap: "M-4 -4L4 4M4 -4L-4 4" };

/** A row of marks at the times of what happened, kept free for the first; what each is stands in its title and below. */
function Marks({ marks, words, x }) {
  return html`
    <div class="drift-row marks" data-marks=${marks.length}>
      <span class="drift-name">${words.t("drift.events")}</span>
      <div class="strip" role="img" aria-label=${words.t("drift.marks", { count: words.count.format(marks.length) })}>
        ${marks.map((one) => html`<svg key=${`${one.place}${one.what}${one.at}`} viewBox="-7 -7 14 14" class=${`mark-${MARKED[one.what]}`} data-mark=${one.what}
          style=${{ left: `${((100 * x(one.at)) / WIDTH).toFixed(2)}%` }}><title>${`${words.time(one.at)} ${tell(one, words).text}`}</title><path d=${SHAPES[MARKED[one.what]]} /></svg>`)}
      </div>
      <span class="drift-reach" />
    </div>`;
}

function Row({ axis, words, series, blind, tolerance, marks, x }) {
  const measured = series.filter((one) => one.value !== null);
  const values = measured.map((one) => one.value);
  const reach = Math.max(LEAST[axis], 1.6 * (tolerance ?? 0), ...values.map((value) => 1.1 * Math.abs(value)));
  const y = (value) => ROW / 2 - (value / reach) * (ROW / 2 - 2);
  const show = (value) => (axis === "zoom" ? `×${(1 + value).toFixed(3)}` : `${signed(value)}°`);
  const name = words.t(`axis.${axis}`);
  const label = words.t("drift.say", {
    axis: name, count: values.length, low: show(Math.min(...values)), high: show(Math.max(...values)), now: show(values.at(-1)),
  });
  return html`
    <div class="drift-row">
      <span class="drift-name">${name}</span>
      <svg viewBox=${`0 0 ${WIDTH} ${ROW}`} preserveAspectRatio="none" role="img" aria-label=${label}>
        ${tolerance !== null && html`<rect class="band" x="0" width=${WIDTH} y=${y(tolerance)} height=${y(-tolerance) - y(tolerance)} />`}
        <path class="zero" d=${`M0 ${y(0)}H${WIDTH}`} />
        ${blind.map(([from, to]) => html`<rect class="blind" x=${x(from)} width=${Math.max(1, x(to) - x(from))} y=${ROW - 4} height="4" />`)}
        ${marks.map((one) => html`<path class="moment" d=${`M${x(one.at).toFixed(1)} 0V${ROW}`} />`)}
        ${runs(series).map((run) => html`
          <path class="ribbon" d=${ribbon(run, x, y)} />
          <path class="trace" d=${trace(run, x, y)} />`)}
      </svg>
      <span class="drift-reach">${axis === "zoom" ? `±${(100 * reach).toFixed(reach < 0.1 ? 1 : 0)} %` : `±${reach.toFixed(reach < 10 ? 1 : 0)}°`}</span>
    </div>`;
}

/** Unbroken stretches of measurements: a curve does not run on through what nobody reported. */
function runs(series) {
  const found = [[]];
  for (const one of series) {
    if (one.value === null || one.broken) found.push([]);
    if (one.value !== null) found.at(-1).push(one);
  }
  return found.filter((run) => run.length);
}

/** Stepped: a report stands until the next one. */
function trace(run, x, y) {
  const steps = run.map((one, at) => (at ? `H${x(one.at).toFixed(1)}V${y(one.value).toFixed(1)}` : `M${x(one.at).toFixed(1)} ${y(one.value).toFixed(1)}`));
  return `${steps.join("")}h1.5`;
}

function ribbon(run, x, y) {
  const upper = run.map((one) => `${x(one.at).toFixed(1)} ${y(one.value + one.error).toFixed(1)}`);
  const lower = run.map((one) => `${x(one.at).toFixed(1)} ${y(one.value - one.error).toFixed(1)}`).reverse();
  return `M${[...upper, ...lower].join("L")}Z`;
}
