// All cameras, worst first, with search and filters; few of them whole, many as tiles.

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import { counts, isStale, verdictOf, worstFirst } from "../model/judge.js";
import { Counts } from "./bar.js";
import { Card } from "./card.js";
import { later } from "./later.js";
import { Tile } from "./tile.js";

const SiteMap = later(async () => (await import("./map.js")).SiteMap);

const WHOLE = 3; // up to this many cameras are shown whole
const TILE = { width: 330, height: 196, gap: 12 };
const QUICK_ROWS = 2, CALM_MS = 120; // rows a frame from which on the wall flies past; calm again after
const BEYOND = 2; // rows kept drawn above and below what is seen
const MANY = 200; // more than this are put in order once a second, and not while somebody scrolls
const ORDER_MS = 1000, REST_MS = 400, PATIENCE_MS = 5000;

export function Overview({ cameras, plans, words, now, recorder }) {
  const [search, setSearch] = useState("");
  const [filter, setFilter] = useState("all");
  const [map, setMap] = useState(false);
  const { shown, tally } = useOrder(cameras, search, filter, now);
  const mapped = useMemo(() => cameras.some((one) => isPlaced(one, plans)), [cameras, plans]);
  if (!cameras.length) return html`<p class="empty">${words.t("none_registered")}</p>`;
  return html`
    ${cameras.length > 1 && html`<div class="tools">
      <label class="search"><span class="sr">${words.t("search")}</span>
        <input type="search" value=${search} placeholder=${words.t("search.hint")} onInput=${(event) => setSearch(event.target.value)} /></label>
      <p class="quiet" role="status">${words.t("shown", { shown: words.count.format(shown.length), total: words.count.format(cameras.length) })}</p>
      ${mapped && html`<button type="button" class="toggle" data-map aria-pressed=${String(map)} onClick=${() => setMap(!map)}>${words.t("map")}</button>`}
      <${Counts} words=${words} counts=${tally} total=${cameras.length} filter=${filter} setFilter=${setFilter} />
    </div>`}
    ${!shown.length && html`<p class="empty">${words.t("none_match")}</p>`}
    ${map && shown.length > 0 && html`<${SiteMap} cameras=${shown} plans=${plans} words=${words} />`}
    ${cameras.length <= WHOLE
      ? shown.map((camera) => html`<${Card} key=${camera.id} camera=${camera} words=${words} now=${now} recorder=${recorder} />`)
      : html`<${Wall} cameras=${shown} words=${words} now=${now} />`}`;
}

/**
 * Which cameras are shown, worst first, and how many stand where. Thousands are put in order
 * once a second and not while somebody scrolls: a list must not move under the finger.
 */
function useOrder(cameras, search, filter, now) {
  const last = useRef({ at: 0, asked: null });
  const scrolled = useRef(0);
  useEffect(() => {
    const note = () => { scrolled.current = Date.now(); };
    addEventListener("scroll", note, { passive: true });
    return () => removeEventListener("scroll", note);
  }, []);
  const asked = `${search}\n${filter}\n${cameras.length}`;
  const resting = now - last.current.at < ORDER_MS || (Date.now() - scrolled.current < REST_MS && now - last.current.at < PATIENCE_MS);
  if (asked !== last.current.asked || cameras.length <= MANY || !resting) {
    const shown = worstFirst(cameras.filter((one) => matches(one, search, filter, now)), now);
    last.current = { at: now, asked, shown, tally: counts(cameras, now) };
  }
  return last.current;
}

const isPlaced = ({ config }, plans) =>
  Boolean(config.position) || plans.some((plan) => plan.site === config.site && plan.cameras[config.camera]);

function matches(camera, search, filter, now) {
  const wanted = search.trim().toLowerCase();
  const { title, title_zh: zh } = camera.config;
  if (wanted && !`${camera.id} ${title} ${zh ?? ""}`.toLowerCase().includes(wanted)) return false;
  switch (filter) {
    case "all": return true;
    case "alarms": return camera.alarms.size > 0;
    case "offline": return camera.online === false;
    case "stale": return isStale(camera, now);
    case "refused": return camera.signature.state === "refused";
    default: return verdictOf(camera) === filter;
  }
}

/**
 * Tiles in rows; only the rows near what is seen are drawn, so ten thousand scroll alike. A row
 * that leaves at one end is the next at the other: elements are changed, not made.
 */
function Wall({ cameras, words, now }) {
  const wall = useRef(null);
  const [seen, setSeen] = useState({ columns: 3, first: 0, rows: 8, quick: false });
  const calm = useRef(0);
  const measure = () => {
    if (!wall.current) return;
    const box = wall.current.getBoundingClientRect();
    const columns = Math.max(1, Math.floor((box.width + TILE.gap) / (TILE.width + TILE.gap)));
    const step = TILE.height + TILE.gap;
    const first = Math.max(0, Math.floor(-box.top / step) - BEYOND);
    const rows = Math.ceil(innerHeight / step) + 2 * BEYOND + 1;
    setSeen((old) => {
      if (old.columns === columns && old.first === first && old.rows === rows) return old;
      const quick = Math.abs(first - old.first) >= QUICK_ROWS;
      if (quick) {
        clearTimeout(calm.current);
        calm.current = setTimeout(() => setSeen((last) => ({ ...last, quick: false })), CALM_MS);
      }
      return { columns, first, rows, quick: quick || old.quick };
    });
  };
  useLayoutEffect(measure, [cameras.length]);
  useEffect(() => {
    addEventListener("scroll", measure, { passive: true });
    addEventListener("resize", measure);
    return () => {
      removeEventListener("scroll", measure);
      removeEventListener("resize", measure);
      clearTimeout(calm.current);
    };
  }, []);
  const step = TILE.height + TILE.gap;
  const rows = Math.ceil(cameras.length / seen.columns);
  const from = Math.min(seen.first, Math.max(0, rows - 1)) * seen.columns;
  const slots = seen.rows * seen.columns;
  const drawn = cameras.slice(from, from + slots).map((camera, at) => ({ camera, index: from + at, slot: (from + at) % slots }));
  // In the order of reading, for Tab; but while the wall flies past no element changes its place.
  if (seen.quick) drawn.sort((a, b) => a.slot - b.slot);
  return html`<ul class="wall" ref=${wall} style=${{ height: `${Math.max(0, rows * step - TILE.gap)}px` }}>
    ${drawn.map(({ camera, index, slot }) => html`<li key=${slot} aria-setsize=${cameras.length} aria-posinset=${index + 1}
      style=${place(index, seen.columns, step)}><${Tile} camera=${camera} words=${words} now=${now} quick=${seen.quick} /></li>`)}
  </ul>`;
}

function place(index, columns, step) {
  const column = index % columns;
  const row = Math.floor(index / columns);
  return {
    transform: `translateY(${row * step}px)`, // moves without a new layout
    left: `calc((100% + ${TILE.gap}px) / ${columns} * ${column})`,
    width: `calc((100% + ${TILE.gap}px) / ${columns} - ${TILE.gap}px)`,
    height: `${TILE.height}px`,
  };
}
