// Puts the page together: configuration, texts, store, link, and what is drawn when.

import { html, render, useEffect, useRef, useState } from "./vendor/preact.js";
import { openLink } from "./link.js";
import { Store } from "./model/store.js";
import { RecorderClient } from "./recorder.js";
import { AlarmHistory } from "./parts/alarms.js";
import { Bar } from "./parts/bar.js";
import { Card } from "./parts/card.js";
import { Compare } from "./parts/compare.js";
import { Login } from "./parts/login.js";
import { Overview } from "./parts/overview.js";
import { Placing } from "./parts/placing.js";
import { SigningIn } from "./parts/signing_in.js";
import { Report } from "./parts/report.js";
import { allowSound, ring } from "./parts/sound.js";
import { Zones } from "./parts/zones.js";
import { Words, keepLanguage, loadTables, preferredLanguage, remember } from "./words.js";

const THEME = "viewkeeper.theme";
const REDRAW_MS = 100; // at most this often when messages come
const TICK_MS = 1000; // ages grow without messages too

applyTheme(remember(THEME) || "auto");

function applyTheme(theme) {
  document.documentElement.dataset.theme = theme;
}

/** Redraws when the store changed, gently, and once a second. */
function useClock(store) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    let waiting = 0;
    const draw = () => {
      waiting = 0;
      setNow((old) => Math.max(old + 1, Date.now()));
    };
    const stop = store.onChange(() => {
      waiting ||= setTimeout(draw, REDRAW_MS);
    });
    const tick = setInterval(draw, TICK_MS);
    return () => {
      stop();
      clearInterval(tick);
      clearTimeout(waiting);
    };
  }, [store]);
  return now;
}

function useRoute() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = () => {
      setHash(location.hash);
      document.getElementById("main")?.focus({ preventScroll: true });
      scrollTo(0, 0);
    };
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return hash;
}

/** The recorder's client, or null where the server has none. */
function useRecorder(config, store) {
  const [recorder] = useState(() => (config.recorder ? new RecorderClient(store, () => store.changed(), config.operator) : null));
  useEffect(() => recorder?.start(), [recorder]);
  return recorder;
}

/** Rings when an alarm begins that was not standing before; off until somebody asks for it. */
function useSound(store) {
  const [on, setOn] = useState(false);
  const known = useRef(null);
  useEffect(() =>
    store.onChange(() => {
      const standing = new Set();
      for (const camera of store.cameras.values()) {
        for (const alarm of camera.alarms.values()) standing.add(`${camera.id} ${alarm.header.boot} ${alarm.header.sequence}`);
      }
      if (on && known.current && [...standing].some((one) => !known.current.has(one))) ring();
      known.current = standing;
    }), [store, on]);
  const choose = (wanted) => {
    if (wanted) allowSound();
    setOn(wanted);
  };
  return [on, choose];
}

function Page({ config, tables, store }) {
  const [language, setLanguage] = useState(preferredLanguage);
  const [theme, setTheme] = useState(remember(THEME) || "auto");
  const [link, setLink] = useState({ state: "connecting" });
  const [open, setOpen] = useState(null);
  const hash = useRoute();
  const now = useClock(store);
  const words = new Words(language, tables[language]);
  const recorder = useRecorder(config, store);
  const [sound, setSound] = useSound(store);

  useEffect(() => {
    const opened = openLink(config, store, setLink);
    setOpen(opened);
    return () => opened.close();
  }, []);
  useEffect(() => {
    document.documentElement.lang = words.tag;
    document.title = `${words.t("title")} · ${words.t("subtitle")}`;
  }, [language]);

  const cameras = [...store.cameras.values()];
  const plans = config.plans ?? [];
  const [, place, id] = /^#\/(camera|zones|report|compare|placing)\/(.+)$/.exec(hash) ?? [];
  const chosen = store.cameras.get(id);
  const plan = place === "placing" && plans.find((one) => one.site === id);
  const Shown = { camera: Card, zones: Zones, report: Report, compare: Compare }[place];
  return html`
    <a class="skip" href="#main" onClick=${skip}>${words.t("skip")}</a>
    <${Bar} words=${words} tables=${tables} link=${link} recorder=${recorder} theme=${theme} sound=${sound} setSound=${setSound} operator=${config.operator} place=${hash === "#/alarms" ? "alarms" : "cameras"}
      setTheme=${(one) => { remember(THEME, one); applyTheme(one); setTheme(one); }}
      setLanguage=${(one) => { keepLanguage(one); setLanguage(one); }} />
    <main id="main" tabindex="-1">
      <h1 class="sr">${words.t("cameras")}</h1>
      ${link.state === "denied" && html`<${Login} words=${words} onSubmit=${(user, password) => open.login(user, password)} />`}
      ${store.strangers > 0 && html`<p class="notice" data-notice="strangers">${words.t("strangers", { count: words.count.format(store.strangers) })}</p>`}
      ${chosen
        ? html`<p class="back"><a href="#/">← ${words.t("overview")}</a>${place !== "camera" && html` <a href=${`#/camera/${id}`}>← ${words.title(chosen.config)}</a>`}</p>
            <${Shown} key=${hash} camera=${chosen} words=${words} now=${now} recorder=${recorder} />`
        : plan ? html`<p class="back"><a href="#/">← ${words.t("overview")}</a></p>
            <${Placing} key=${hash} site=${id} plan=${plan} cameras=${cameras.filter((one) => one.config.site === id)} words=${words} />`
        : hash === "#/alarms" ? html`<${AlarmHistory} store=${store} words=${words} now=${now} recorder=${recorder} />`
        : html`<${Overview} cameras=${cameras} plans=${plans} words=${words} now=${now} recorder=${recorder} />`}
    </main>
    <${Announcer} cameras=${cameras} words=${words} />`;
}

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

/** Tells screen readers of alarms as they begin, in one polite sentence each. */
function Announcer({ cameras, words }) {
  const standing = cameras.flatMap((camera) =>
    [...camera.alarms.values()].map(({ body }) => `${words.title(camera.config)}: ${words.member("AlarmKind", body.alarm)}`),
  );
  return html`<div class="sr" role="log" aria-live="assertive" aria-relevant="additions" aria-label=${words.t("alarms")}>
    ${standing.slice(0, 20).map((text) => html`<p key=${text}>${text}</p>`)}
  </div>`;
}

async function start() {
  const tables = await loadTables();
  const root = document.getElementById("page");
  try {
    const answer = await fetch(new URL("config.json", document.baseURI));
    if (answer.status === 401) {
      render(html`<${SigningIn} tables=${tables} onDone=${start} />`, root);
      return;
    }
    if (!answer.ok) throw new Error(`config.json: ${answer.status}`);
    const config = await answer.json();
    const store = new Store(config);
    render(html`<${Page} config=${config} tables=${tables} store=${store} />`, root);
  } catch (error) {
    console.error(error);
    const language = preferredLanguage();
    const words = new Words(language, tables[language]);
    render(html`<main><p class="notice bad" role="alert">${words.t("config.failed", { detail: error.message })}</p></main>`, root);
  }
}

start();
