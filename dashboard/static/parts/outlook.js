// Where a device points, drawn as far as it can be: a camera's frames, a board's level, or in
// words why there is nothing to draw and what to do about it.

import { html } from "../vendor/preact.js";
import { isInForce } from "../model/camera.js";
import { isBoard, viewless } from "../model/finding.js";
import { hex } from "../wire/cose.js";
import { Frames } from "./frames.js";
import { Mount } from "./mount.js";

/** `brief`: on a tile, where the drawing alone has room. */
export function Outlook({ camera, words, dim, brief = false }) {
  if (isBoard(camera.report?.body)) return html`<${Mount} camera=${camera} words=${words} dim=${dim} />`;
  const lack = viewless(camera);
  if (!lack) return html`<${Frames} camera=${camera} words=${words} dim=${dim} />`;
  const named = lack === "not_registered" && isInForce(camera) && camera.desired.body.view_hash;
  return html`<div class="noview" data-noview=${lack}>
    <p><b>${words.t(`noview.${lack}`)}</b></p>
    ${!brief && html`<p>${words.t(`noview.${lack}.next`)}</p>`}
    ${!brief && named && html`<p>${words.t("noview.named", { hash: hex(named).slice(0, 16) })}</p>`}
  </div>`;
}
