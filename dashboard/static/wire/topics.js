// Topics taken apart, as protocol/topics.py does it.

import { ID_PATTERN } from "../schema.js";

const ID = new RegExp(`^(?:${ID_PATTERN})$`);

/** {site, camera, rest} of a topic under `root`, or null where it is not one of ours. */
export function parseTopic(root, topic) {
  if (!topic.startsWith(`${root}/`)) return null;
  const [site, camera, ...rest] = topic.slice(root.length + 1).split("/");
  if (!rest.length || !ID.test(site) || !ID.test(camera)) return null;
  return { site, camera, rest: rest.join("/") };
}
