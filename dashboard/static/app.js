// Puts the page together: configuration, texts, store, link, and what is drawn when.

import { html, render, useEffect, useMemo, useRef, useState } from "./vendor/preact.js";
import { openLink } from "./link.js";
import { Store } from "./model/store.js";
import { RecorderClient } from "./recorder.js";
import { Bar } from "./parts/bar.js";
import { Card } from "./parts/card.js";
import { later } from "./parts/later.js";
import { Login } from "./parts/login.js";
import { Overview } from "./parts/overview.js";
import { SigningIn } from "./parts/signing_in.js";
import { allowSound, ring } from "./parts/sound.js";
import { Words, learn, loadTable, preferredLanguage, remember } from "./words.js";

const AlarmHistory = later(async () => (await import("./parts/alarms.js")).AlarmHistory);
const Placing = later(async () => (await import("./parts/placing.js")).Placing);
const PAGES = {
  camera: Card,
  compare: later(async () => (await import("./parts/compare.js")).Compare),
  report: later(async () => (await import("./parts/report.js")).Report),
  zones: later(async () => (await import("./parts/zones.js")).Zones),
};

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
function useSound(alarmed, now) {
  const [on, setOn] = useState(false);
  const known = useRef(null);
  useEffect(() => {
    const standing = new Set(alarmed.flatMap(({ id, alarms }) =>
      [...alarms.values()].map(({ header }) => `${id} ${header.boot} ${header.sequence}`)));
    if (on && known.current && [...standing].some((one) => !known.current.has(one))) ring();
    known.current = standing;
  }, [now, on]);
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
  const words = useMemo(() => new Words(language, tables[language]), [language]);
  const speak = async (one) => {
    await learn(tables, one);
    setLanguage(one);
  };
  const recorder = useRecorder(config, store);

  useEffect(() => {
    const opened = openLink(config, store, setLink);
    setOpen(opened);
    return () => opened.close();
  }, []);
  useEffect(() => {
    document.documentElement.lang = words.tag;
    document.title = `${words.t("title")} · ${words.t("subtitle")}`;
  }, [language]);

  const cameras = useMemo(() => [...store.cameras.values()], [store]);
  const alarmed = cameras.filter((one) => one.alarms.size);
  const [sound, setSound] = useSound(alarmed, now);
  const plans = config.plans ?? [];
  const [, place, id] = /^#\/(camera|zones|report|compare|placing)\/(.+)$/.exec(hash) ?? [];
  const chosen = store.cameras.get(id);
  const plan = place === "placing" && plans.find((one) => one.site === id);
  const Shown = PAGES[place];
  return html`
    <a class="skip" href="#main" onClick=${skip}>${words.t("skip")}</a>
    <${Bar} words=${words} link=${link} recorder=${recorder} theme=${theme} sound=${sound} setSound=${setSound} operator=${config.operator} place=${hash === "#/alarms" ? "alarms" : "cameras"}
      setTheme=${(one) => { remember(THEME, one); applyTheme(one); setTheme(one); }}
      setLanguage=${speak} />
    <main id="main" tabindex="-1" class=${chosen || plan ? "" : "wide"}>
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
    <${Announcer} cameras=${alarmed} words=${words} />`;
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
  const language = preferredLanguage();
  const asked = fetch(new URL("config.json", document.baseURI));
  asked.catch(() => {}); // told below
  const tables = { [language]: await loadTable(language) };
  const root = document.getElementById("page");
  try {
    const answer = await asked;
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
    const words = new Words(language, tables[language]);
    render(html`<main><p class="notice bad" role="alert">${words.t("config.failed", { detail: error.message })}</p></main>`, root);
  }
}

start();
