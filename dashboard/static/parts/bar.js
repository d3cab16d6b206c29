// The bar at the top: broker, fleet at a glance, language and appearance.

import { html } from "../vendor/preact.js";
import { LANGUAGES, LANGUAGE_NAMES } from "../words.js";
import { signOut } from "./signing_in.js";
import { Alarm, Dot, Speaker, VerdictIcon } from "./icons.js";

const PLACES = { cameras: "#/", alarms: "#/alarms" };
export const THEMES = ["auto", "light", "dark"];

export function Bar({ words, link, recorder, theme, setTheme, setLanguage, sound, setSound, operator, place }) {
  return html`<header class="bar">
    <a class="brand" href="#/"><${Mark} /><span><b>${words.t("title")}</b><small>${words.t("subtitle")}</small></span></a>
    <p class=${`broker broker-${link.state}`} role="status" data-broker=${link.state}>
      <${Dot} state=${link.state === "connected" ? "connected" : "false"} />${words.t(`broker.${link.state}`)}${link.share === undefined ? "" : ` · ${words.t("broker.loading", { share: words.share(Math.round(100 * link.share) * 10) })}`}
    </p>
    ${recorder && !recorder.reachable && html`<p class="broker broker-lost" role="status" data-recorder="lost">${words.t("recorder.lost")}</p>`}
    <nav class="nav" aria-label=${words.t("nav")}>
      ${Object.entries(PLACES).map(([one, href]) => html`<a key=${one} href=${href} aria-current=${one === place ? "page" : null}>${words.t(`nav.${one}`)}</a>`)}
    </nav>
    <div class="choices">
      ${operator && html`<span class="operator">${operator}</span>
        <button type="button" class="toggle" data-signout onClick=${signOut}>${words.t("signin.out")}</button>`}
      <button type="button" class="toggle" data-sound=${sound ? "on" : "off"} aria-pressed=${String(sound)} onClick=${() => setSound(!sound)}>
        <${Speaker} on=${sound} /><span class="sr">${words.t("sound")}</span></button>
      <label><span class="sr">${words.t("theme")}</span>
        <select id="theme" value=${theme} onChange=${(event) => setTheme(event.target.value)}>
          ${THEMES.map((one) => html`<option key=${one} value=${one} selected=${one === theme}>${words.t(`theme.${one}`)}</option>`)}
        </select></label>
      <div class="segments" role="group" aria-label=${words.t("language")}>
        ${Object.keys(LANGUAGES).map((one) => html`<button key=${one} type="button" lang=${LANGUAGES[one]} data-language=${one}
          aria-pressed=${String(one === words.language)} onClick=${() => setLanguage(one)}>${LANGUAGE_NAMES[one]}</button>`)}
      </div>
    </div>
  </header>`;
}

/** A frame in a frame: what this page is about. */
const Mark = () => html`<svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
  <rect x="1.5" y="4" width="21" height="16" rx="2" /><path d="M6 8.5l12-1 1 9-12 1z" /></svg>`;

const VERDICTS = ["moved", "obstructed", "cannot_tell", "same", "none"];
const OTHERS = ["alarms", "offline", "stale", "refused"];

/** Counts by verdict and by trouble; each is a filter. */
export function Counts({ words, counts, total, filter, setFilter }) {
  const name = (one) => (one === "none" ? words.t("verdict.none") : words.member("ViewVerdict", one));
  const button = (one, count, label, mark) => html`<button key=${one} type="button" class=${`tally tally-${one} ${count ? "" : "zero"}`}
    data-filter=${one} aria-pressed=${String(filter === one)} onClick=${() => setFilter(filter === one ? "all" : one)}>
    ${mark}<b>${words.count.format(count)}</b><span>${label}</span></button>`;
  return html`<div class="counts" role="group" aria-label=${words.t("filters")}>
    ${button("all", total, words.t("filter.all"), null)}
    ${VERDICTS.map((one) => button(one, counts[one], name(one), html`<${VerdictIcon} verdict=${one} />`))}
    ${OTHERS.map((one) => button(one, counts[one], words.t(`filter.${one}`), one === "alarms" ? html`<${Alarm} />` : null))}
  </div>`;
}
