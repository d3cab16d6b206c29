// All cameras, worst first, with search and filters; few of them whole, many as tiles.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { counts, isStale, verdictOf, worstFirst } from "../model/judge.js";
import { Counts } from "./bar.js";
import { Card } from "./card.js";
import { SiteMap, isPlaced } from "./map.js";
import { Tile } from "./tile.js";

const WHOLE = 3; // up to this many cameras are shown whole
const TILE = { width: 330, height: 196, gap: 12 };
const BEYOND = 2; // rows kept drawn above and below what is seen

export function Overview({ cameras, plans, words, now, recorder }) {
  const [search, setSearch] = useState("");
  const [filter, setFilter] = useState("all");
  const [map, setMap] = useState(false);
  if (!cameras.length) return html`<p class="empty">${words.t("none_registered")}</p>`;
  const shown = worstFirst(cameras.filter((one) => matches(one, search, filter, now)), now);
  return html`
    ${cameras.length > 1 && html`<div class="tools">
      <label class="search"><span class="sr">${words.t("search")}</span>
        <input type="search" value=${search} placeholder=${words.t("search.hint")} onInput=${(event) => setSearch(event.target.value)} /></label>
      <p class="quiet" role="status">${words.t("shown", { shown: words.count.format(shown.length), total: words.count.format(cameras.length) })}</p>
      ${cameras.some((one) => isPlaced(one, plans)) && html`<button type="button" class="toggle" data-map aria-pressed=${String(map)} onClick=${() => setMap(!map)}>${words.t("map")}</button>`}
      <${Counts} words=${words} counts=${counts(cameras, now)} total=${cameras.length} filter=${filter} setFilter=${setFilter} />
    </div>`}
    ${!shown.length && html`<p class="empty">${words.t("none_match")}</p>`}
    ${map && shown.length > 0 && html`<${SiteMap} cameras=${shown} plans=${plans} words=${words} />`}
    ${cameras.length <= WHOLE
      ? shown.map((camera) => html`<${Card} key=${camera.id} camera=${camera} words=${words} now=${now} recorder=${recorder} />`)
      : html`<${Wall} cameras=${shown} words=${words} now=${now} />`}`;
}

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

/** Tiles in rows; only the rows near what is seen are drawn, so ten thousand scroll alike. */
function Wall({ cameras, words, now }) {
  const wall = useRef(null);
  const [seen, setSeen] = useState({ columns: 3, first: 0, rows: 8 });
  const measure = () => {
    if (!wall.current) return;
    const box = wall.current.getBoundingClientRect();
    const columns = Math.max(1, Math.floor((box.width + TILE.gap) / (TILE.width + TILE.gap)));
    const step = TILE.height + TILE.gap;
    const first = Math.max(0, Math.floor(-box.top / step) - BEYOND);
    const rows = Math.ceil(innerHeight / step) + 2 * BEYOND + 1;
    setSeen((old) => (old.columns === columns && old.first === first && old.rows === rows ? old : { columns, first, rows }));
  };
  useLayoutEffect(measure, [cameras.length]);
  useEffect(() => {
    addEventListener("scroll", measure, { passive: true });
    addEventListener("resize", measure);
    return () => {
      removeEventListener("scroll", measure);
      removeEventListener("resize", measure);
    };
  }, []);
  const step = TILE.height + TILE.gap;
  const rows = Math.ceil(cameras.length / seen.columns);
  const from = Math.min(seen.first, Math.max(0, rows - 1)) * seen.columns;
  const drawn = cameras.slice(from, from + seen.rows * seen.columns);
  return html`<ul class="wall" ref=${wall} style=${{ height: `${Math.max(0, rows * step - TILE.gap)}px` }}>
    ${drawn.map((camera, at) => html`<li key=${camera.id} aria-setsize=${cameras.length} aria-posinset=${from + at + 1}
      style=${place(from + at, seen.columns, step)}><${Tile} camera=${camera} words=${words} now=${now} /></li>`)}
  </ul>`;
}

function place(index, columns, step) {
  const column = index % columns;
  const row = Math.floor(index / columns);
  return {
    top: `${row * step}px`,
    left: `calc((100% + ${TILE.gap}px) / ${columns} * ${column})`,
    width: `calc((100% + ${TILE.gap}px) / ${columns} - ${TILE.gap}px)`,
    height: `${TILE.height}px`,
  };
}
