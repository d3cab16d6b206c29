// Somebody saw an alarm: who, when, with which note. The recorder keeps it.

import { html, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { remember } from "../words.js";

const NAME = "viewkeeper.name";

export function Acknowledge({ camera, alarm, words, now, recorder }) {
  const [open, setOpen] = useState(false);
  const done = recorder.of(camera, alarm);
  return html`
    ${done.map((one) => html`<p key=${one.at} class="ack" data-acknowledged>
      ${words.t("ack.done", { who: one.who, time: words.time(one.at, now) })}
      ${one.note && html` <q class="detail">${one.note}</q>`}</p>`)}
    ${open
      ? html`<${Form} words=${words} operator=${recorder.operator} close=${() => setOpen(false)}
          send=${(who, note) => recorder.acknowledge(camera, alarm, who, note)} />`
      : html`<button type="button" class="ack-open" data-acknowledge onClick=${() => setOpen(true)}>${words.t("ack.button")}</button>`}`;
}

function Form({ words, operator, send, close }) {
  const who = useRef(null);
  const note = useRef(null);
  const [fault, setFault] = useState("");
  useLayoutEffect(() => (operator || who.current.value ? note : who).current.focus(), []);
  const submit = async (event) => {
    event.preventDefault();
    if (!operator) remember(NAME, who.current.value);
    try {
      await send(operator ?? who.current.value, note.current.value);
      close();
    } catch (error) {
      setFault(error.message);
    }
  };
  const onKeyDown = (event) => event.key === "Escape" && close();
  return html`<form class="ack-form" onSubmit=${submit} onKeyDown=${onKeyDown}>
    ${operator ? html`<p>${words.t("ack.as", { who: operator })}</p>` : html`<label>${words.t("ack.who")}<input ref=${who} name="who" required maxlength="60" autocomplete="name" defaultValue=${remember(NAME)} /></label>`}
    <label class="wide">${words.t("ack.note")}<input ref=${note} name="note" maxlength="500" autocomplete="off" /></label>
    <button type="submit" class="primary">${words.t("ack.send")}</button>
    <button type="button" onClick=${close}>${words.t("ack.cancel")}</button>
    ${fault && html`<p role="alert" class="fault">${words.t("ack.failed", { detail: fault })}</p>`}
  </form>`;
}
