// Marks that tell states apart by shape as well as by colour.

import { html } from "../vendor/preact.js";

const icon = (body, cls = "") => html`
  <svg class=${`icon ${cls}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">${body}</svg>`;

const VERDICTS = {
  // a disc with a tick
  same: () => html`<circle cx="8" cy="8" r="7" /><path class="ink" d="M4.6 8.3l2.3 2.3 4.5-5" />`,
  // a diamond with an arrow
  moved: () => html`<path d="M8 .4L15.6 8 8 15.6.4 8z" /><path class="ink" d="M4.8 8h6M8.6 5.4L11.2 8l-2.6 2.6" />`,
  // a square with a question mark
  cannot_tell: () => html`<rect x="1" y="1" width="14" height="14" rx="1.5" /><path class="ink" d="M5.8 6.1c0-3 4.6-2.9 4.6-.1 0 1.7-2.3 1.7-2.3 3.5M8.1 12v.1" />`,
  // a half-covered disc
  obstructed: () => html`<circle class="hollow" cx="8" cy="8" r="6.3" /><path d="M8 1.7a6.3 6.3 0 010 12.6z" />`,
  // a dashed ring
  none: () => html`<circle class="hollow dashed" cx="8" cy="8" r="6.3" />`,
};

export const VerdictIcon = ({ verdict }) => icon((VERDICTS[verdict] ?? VERDICTS.none)(), `mark-${verdict}`);

export const Alarm = () =>
  icon(html`<path d="M8 1L15.5 14.5H.5z" /><path class="ink" d="M8 6v4M8 12.2v.1" />`, "mark-alarm");

export const Shield = ({ state }) =>
  icon(
    html`<path class=${state === "none" ? "hollow dashed" : ""} d="M8 .8l6 2v4.7c0 3.8-2.5 6.5-6 7.7-3.5-1.2-6-3.9-6-7.7V2.8z" />
      ${state === "verified" && html`<path class="ink" d="M5 8l2.2 2.2L11.2 6" />`}
      ${state === "refused" && html`<path class="ink" d="M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8" />`}`,
    `mark-signature-${state}`,
  );

export const Dot = ({ state }) =>
  icon(
    state === "true" || state === "connected"
      ? html`<circle cx="8" cy="8" r="5" />`
      : html`<circle class="hollow" cx="8" cy="8" r="4.5" />${state === "false" && html`<path class="line" d="M3 13L13 3" />`}`,
    `mark-dot-${state}`,
  );

export const Speaker = ({ on }) =>
  icon(
    html`<path d="M2 6h2.6L8 2.8v10.4L4.6 10H2z" />
      <path class="line" d=${on ? "M10.4 5.6a3.4 3.4 0 010 4.8M12.4 3.6a6.2 6.2 0 010 8.8" : "M10.5 6l4 4M14.5 6l-4 4"} />`,
  );

export const Clock = () =>
  icon(html`<circle class="hollow" cx="8" cy="8" r="6.3" /><path class="line" d="M8 4.3V8l2.6 1.7" />`, "mark-clock");
