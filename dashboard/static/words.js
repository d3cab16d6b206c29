// Texts in the operator's language, and numbers and times in its manner.

import { findingOf, isBoard } from "./model/finding.js";
import { errorOf, moveOf } from "./model/geometry.js";

export const LANGUAGES = { en: "en-GB", zh: "zh-CN" };
export const LANGUAGE_NAMES = { en: "English", zh: "简体中文" };
const REMEMBERED = "viewkeeper.language";

/** The remembered language, else the browser's, else English. */
export function preferredLanguage() {
  const kept = remember(REMEMBERED);
  if (kept in LANGUAGES) return kept;
  return (navigator.languages ?? []).some((tag) => tag.toLowerCase().startsWith("zh")) ? "zh" : "en";
}

const keepLanguage = (language) => remember(REMEMBERED, language);

/** Read or write a setting of this browser; without storage it is simply forgotten. */
export function remember(name, value) {
  try {
    if (value !== undefined) localStorage.setItem(name, value);
    return localStorage.getItem(name) ?? "";
  } catch {
    return "";
  }
}

/** The texts of one language, as its file holds them. */
export async function loadTable(language) {
  return (await fetch(new URL(`i18n/${language}.json`, document.baseURI))).json();
}

/** Have the texts of a language among `tables`, and keep it as the one to speak. */
export async function learn(tables, language) {
  tables[language] ??= await loadTable(language);
  keepLanguage(language);
}

/** Everything a part of the page needs to speak one language. */
export class Words {
  constructor(language, table) {
    this.language = language;
    this.tag = LANGUAGES[language];
    this.table = table;
    this.clock = new Intl.DateTimeFormat(this.tag, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
    this.dated = new Intl.DateTimeFormat(this.tag, {
      month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
    });
    this.whole = new Intl.DateTimeFormat(this.tag, { dateStyle: "medium", timeStyle: "medium" });
    this.count = new Intl.NumberFormat(this.tag);
  }

  t(key, values = {}) {
    const text = this.table.ui[key] ?? key;
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  }

  /** A member of a vocabulary of the wire; its code where there is no text yet. */
  member(vocabulary, code) {
    return this.table.vocabulary[vocabulary]?.[code] ?? code.replaceAll("_", " ");
  }

  reason(code) {
    return this.table.reason[code] ?? code.replaceAll("_", " ");
  }

  view(view) {
    if (!view) return this.t("verdict.none");
    const verdict = this.member("ViewVerdict", view.verdict);
    if (!view.cause) return verdict;
    return this.t("verdict.with_cause", { verdict, cause: this.member("ViewCause", view.cause) });
  }

  /** What a report's device stands for: of a board without a camera its mount. */
  finding(body) {
    const text = this.view(findingOf(body));
    return isBoard(body) ? this.t("mount.is", { verdict: text }) : text;
  }

  /** "1.2.0: on trial", of a body of the message UpdateProgress. */
  program({ version, stage }) {
    return this.t("verdict.with_cause", { verdict: version ?? this.t("update.unread"), cause: this.member("UpdateStage", stage) });
  }

  title(config) {
    return (this.language === "zh" && config.title_zh) || config.title;
  }

  time(ms, now = Date.now()) {
    if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return "–";
    return (Math.abs(now - ms) < 43_200_000 ? this.clock : this.dated).format(ms);
  }

  fullTime(ms) {
    return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? this.whole.format(ms) : "–";
  }

  span(ms) {
    const s = Math.max(0, Math.round(ms / 1000));
    if (s < 120) return this.t("age.seconds", { n: s });
    if (s < 7200) return this.t("age.minutes", { n: Math.floor(s / 60) });
    if (s < 172_800) return this.t("age.hours", { n: Math.floor(s / 3600) });
    return this.t("age.days", { n: Math.floor(s / 86_400) });
  }

  age(ms, stale) {
    if (ms === null) return this.t("age.none");
    return this.t(stale ? "age.stale" : "age.fresh", { age: this.span(ms) });
  }

  share(permille) {
    return `${this.count.format(permille / 10)} %`;
  }

  /** The numbers of a move, of a board's two: [{axis, value, error, text, error_text, direction, ratio}]. */
  axes(report, tolerance) {
    if (!report) return [];
    const move = moveOf(report);
    const error = errorOf(report);
    return axesOf(report).map(({ axis, field }) => {
      const zoom = axis === "zoom";
      const off = zoom ? move.zoom - 1 : move[field];
      const text = zoom ? `×${move.zoom.toFixed(3)}` : `${signed(off)}°`;
      const shown = zoom ? Math.abs(off) >= 0.0005 : Math.abs(off) >= 0.005;
      const direction = shown ? this.t(`${axis}.${off > 0 ? "plus" : "minus"}`) : "";
      return {
        axis,
        name: this.t(`axis.${axis}`),
        off,
        text,
        error_text: zoom ? error.zoom.toFixed(3) : `${error[field].toFixed(2)}°`,
        direction,
        say: `${this.t(`axis.${axis}`)} ${text} ${direction}`.trim(),
        ratio: tolerance ? off / tolerance[field] : null,
      };
    });
  }
}

const AXES = [
  { axis: "pan", field: "pan_deg", wire: "pan_mdeg" },
  { axis: "tilt", field: "tilt_deg", wire: "tilt_mdeg" },
  { axis: "roll", field: "roll_deg", wire: "roll_mdeg" },
  { axis: "zoom", field: "zoom", wire: "zoom_ppm" },
];

/** The axes that a report's move has. */
export const axesOf = (report) => AXES.filter(({ wire }) => wire in report);

/** Two decimals, a true minus, and no sign on what rounds to nothing. */
export function signed(value, digits = 2) {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${value < 0 ? "−" : "+"}${text}`;
}
