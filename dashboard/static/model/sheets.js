// Where cameras stand on paper: a sheet for each site plan, and one of bare coordinates.
//
// Rule: no page here. A sheet: {key, site, image, box: [x, y, width, height], north, metres,
// pins: [{camera, x, y, azimuth}]}; `north` in degrees clockwise from straight up, `metres` a
// unit of the sheet in metres or null. Pins keep the order of the cameras they are made of.

const LEAST_M = 20;
const MARGIN = 0.14; // of the longer side, around coordinates

/** Sheets on which at least one of `cameras` stands, those of plans first. */
export function sheetsOf(cameras, plans) {
  const sheets = plans.map((plan) => ({
    key: `plan ${plan.site}`, site: plan.site, image: plan.image, box: [0, 0, plan.width, plan.height],
    north: plan.north_deg, metres: null, pins: [],
  }));
  const bySite = new Map(sheets.map((sheet, at) => [sheet.site, [sheet, plans[at].cameras]]));
  const loose = [];
  for (const camera of cameras) {
    const [sheet, places] = bySite.get(camera.config.site) ?? [];
    const place = places?.[camera.config.camera];
    if (place) sheet.pins.push({ camera, x: place.x, y: place.y, azimuth: place.azimuth_deg });
    else if (camera.config.position) loose.push(camera);
  }
  return [...sheets, coordinates(loose)].filter((sheet) => sheet.pins.length);
}

/** North is up: y runs down, so north is its negative. */
function coordinates(cameras) {
  const pins = cameras.map((camera) => {
    const [x, north] = camera.config.position;
    return { camera, x, y: -north, azimuth: camera.config.azimuth_deg ?? null };
  });
  const [left, width] = extent(pins.map((pin) => pin.x));
  const [top, height] = extent(pins.map((pin) => pin.y));
  const margin = MARGIN * Math.max(LEAST_M, width, height);
  const box = [left - margin, top - margin, width + 2 * margin, height + 2 * margin];
  return { key: "coordinates", site: null, image: null, box, north: 0, metres: 1, pins };
}

function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [low, high - low];
}

const GLYPH = { latin: 0.68, wide: 1 }; // of the font's size, at most about
const LONGEST = 18;

/**
 * Names beside pins: [{text, x, y} or null], in the order of `labels`: {title, x, lines},
 * `lines` the base lines that it may stand on, best first. Each stays on the sheet, and none stands on
 * one before it: a name that finds no room is left out.
 */
export function placeNames(labels, [left, , width], size) {
  const taken = [];
  return labels.map(({ title, x, lines }) => {
    const text = title.length > LONGEST ? `${title.slice(0, LONGEST - 1)}…` : title;
    const half = [...text].reduce((sum, one) => sum + size * (one > "\u2e80" ? GLYPH.wide : GLYPH.latin), 0) / 2;
    const middle = Math.min(Math.max(x, left + half), left + width - half);
    for (const y of lines) {
      const box = [middle - half, y - size, middle + half, y + 0.25 * size];
      if (taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) continue;
      taken.push(box);
      return { text, x: middle, y };
    }
    return null;
  });
}

/** A round length, in metres, of about `share` of the width: 1, 2 or 5 times a power of ten. */
export function scaleBar(width, share = 0.2) {
  const wanted = width * share;
  const power = 10 ** Math.floor(Math.log10(wanted));
  return [5, 2, 1].map((one) => one * power).find((one) => one <= wanted) ?? power;
}
