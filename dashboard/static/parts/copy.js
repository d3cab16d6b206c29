// A text that this page made and that does its work elsewhere: to copy or to download.

import { html, useRef, useState } from "../vendor/preact.js";

/** Hand a text to the browser as a file. */
export function download(text, name, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export function CopyText({ words, label, text, name, type = "application/json", next, children }) {
  const area = useRef(null);
  const [said, setSaid] = useState("");
  const copy = async () => {
    area.current.select();
    // Without https a browser has no clipboard to write to, but still this older way.
    if (navigator.clipboard) await navigator.clipboard.writeText(text).catch(() => document.execCommand("copy"));
    else document.execCommand("copy");
    setSaid(words.t("zones.copied"));
  };
  return html`<div class="panel text">
    ${children}
    <label>${label}<textarea ref=${area} readonly rows=${text ? Math.min(24, text.split("\n").length) : 2} value=${text} /></label>
    <p class="doings"><button type="button" data-copy disabled=${!text} onClick=${copy}>${words.t("zones.copy")}</button>
      <button type="button" data-download disabled=${!text} onClick=${() => download(text, name, type)}>${words.t("zones.download")}</button>
      <span role="status">${said}</span></p>
    <p class="quiet">${next}</p>
  </div>`;
}
