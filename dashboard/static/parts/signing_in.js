// Signing in at the dashboard's own server, where it asks for it.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { LANGUAGES, LANGUAGE_NAMES, Words, learn, preferredLanguage } from "../words.js";

async function post(path, value) {
  const answer = await fetch(new URL(path, document.baseURI), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(value),
  });
  return { ok: answer.ok, ...(await answer.json()) };
}

export async function signOut() {
  await post("session/end", {});
  location.reload();
}

/** Configuration is not handed out yet: ask who it is. `onDone` is called when signed in. */
export function SigningIn({ tables, onDone }) {
  const [language, setLanguage] = useState(preferredLanguage);
  const [fault, setFault] = useState("");
  const name = useRef(null);
  const password = useRef(null);
  const words = new Words(language, tables[language]);
  useLayoutEffect(() => name.current.focus(), []);
  useEffect(() => {
    document.documentElement.lang = words.tag;
    document.title = `${words.t("title")} · ${words.t("signin.title")}`;
  }, [language]);
  const submit = async (event) => {
    event.preventDefault();
    setFault("");
    try {
      const told = await post("session", { name: name.current.value, password: password.current.value });
      if (told.ok) return void onDone();
      setFault(told.error === "wait" ? words.t("signin.wait", { n: told.wait_s }) : words.t("signin.wrong"));
    } catch (error) {
      setFault(words.t("config.failed", { detail: error.message }));
    }
    password.current.value = "";
    password.current.focus();
  };
  return html`<main>
    <form class="login" data-signin aria-labelledby="signin-title" onSubmit=${submit}>
      <h1 id="signin-title">${words.t("signin.title")}</h1>
      <label>${words.t("signin.name")}<input ref=${name} name="name" autocomplete="username" required maxlength="60" /></label>
      <label>${words.t("login.password")}<input ref=${password} name="password" type="password" autocomplete="current-password" required maxlength="256" /></label>
      <button type="submit" class="primary">${words.t("login.submit")}</button>
      <p role="alert" class="fault">${fault}</p>
      <div class="segments" role="group" aria-label=${words.t("language")}>
        ${Object.keys(LANGUAGES).map((one) => html`<button key=${one} type="button" lang=${LANGUAGES[one]} data-language=${one}
          aria-pressed=${String(one === language)} onClick=${async () => { await learn(tables, one); setLanguage(one); }}>${LANGUAGE_NAMES[one]}</button>`)}
      </div>
    </form>
  </main>`;
}
