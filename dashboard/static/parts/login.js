// Asks for the broker's user name and password; they go to the broker and nowhere else.

import { html, useLayoutEffect, useRef } from "../vendor/preact.js";

export function Login({ words, onSubmit }) {
  const user = useRef(null);
  const password = useRef(null);
  useLayoutEffect(() => user.current?.focus(), []);
  const submit = (event) => {
    event.preventDefault();
    onSubmit(user.current.value, password.current.value);
  };
  return html`<form class="login" aria-labelledby="login-title" onSubmit=${submit}>
    <h2 id="login-title">${words.t("login.title")}</h2>
    <label>${words.t("login.user")}<input ref=${user} autocomplete="username" required /></label>
    <label>${words.t("login.password")}<input ref=${password} type="password" autocomplete="current-password" /></label>
    <button type="submit" class="primary">${words.t("login.submit")}</button>
    <p class="quiet">${words.t("login.note")}</p>
  </form>`;
}
