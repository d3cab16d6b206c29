// What the parts of a message must be to each other, beyond each field's own type and range:
// the __post_init__ of protocol/zones.py, signage.py and orders.py.

import { REASONS, WATCHED } from "../schema.js";
import { Refusal } from "./cbor.js";

const isDistinct = (values) => new Set(values.map(String)).size === values.length;
const overlaps = (values, others) => values.some((one) => others.includes(one));

/** By message: [whether it holds, else what is wrong]. */
const RULES = {
  __proto__: null,
  Zone: ({ kind, points, watch, direction, dwell_s, crowd, speed }) => [
    [watch.every((one) => WATCHED[kind].includes(one)), `${kind} cannot flag all of it`],
    [isDistinct(watch), "watch names a flag twice"],
    [isDistinct(points), "a point stands twice"],
    [kind === "line" ? points.length === 2 : points.length >= 3, "corners or ends are missing"],
    [kind === "line" || direction === null, "only a line has a direction"],
    [!watch.includes("wrong_way") || ["forward", "backward"].includes(direction), "wrong_way needs a direction"],
    ...Object.entries({ dwell_s, crowd, speed }).map(([name, value]) =>
      [(value !== null) === overlaps(watch, WATCHED[name]), `${name} does not go with what is flagged`]),
  ],
  SignRegion: ({ left, top, right, bottom }) => [[left < right && top < bottom, "left < right and top < bottom"]],
  Config: ({ zones, sign_region: region, view_hash: view }) => [
    [isDistinct((zones ?? []).map((zone) => zone.name)), "two zones have one name"],
    [view !== null || !(zones?.length || region), "zones and sign_region stand in a registered view"],
  ],
};

/** Throws a Refusal where the parts of a message that was read do not fit each other. */
export function checkParts(name, message, path) {
  for (const [holds, hint] of RULES[name]?.(message) ?? []) {
    if (!holds) throw new Refusal(REASONS.FIELD_RANGE, `${path}: ${hint}`);
  }
}
