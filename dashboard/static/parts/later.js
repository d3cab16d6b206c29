// A part of the page that is fetched when it is first shown, so that the first page is light.

import { html, useEffect, useState } from "../vendor/preact.js";

/** `load` resolves to the component. */
export function later(load) {
  let Part = null;
  return function Later(props) {
    const [state, setState] = useState(Part ? "there" : "loading");
    useEffect(() => {
      if (Part) return;
      load().then((found) => { Part = found; setState("there"); }, () => setState("failed"));
    }, []);
    if (Part) return html`<${Part} ...${props} />`;
    return html`<p class="quiet" data-part=${state}>${props.words.t(`part.${state}`)}</p>`;
  };
}
