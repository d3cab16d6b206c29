// What a camera says about its alarm. It signs one English sentence; those it is known to say are told
// in the page's language, any other stands as it was signed.

const AXIS = /\b(pan|tilt|roll|zoom)\b/g;
const SENTENCES = [
  [/^the clock is not synchronised$/, "detail.clock"],
  [/^(?<n>[\d.]+) % of the storage is free$/, "detail.storage"],
  [/^(?<n>\d+) % of the view lost$/, "detail.lost"],
  [/^(?<n>\d+) to report or dismiss by a signed order$/, "detail.unreported"],
  [/^the switch in the board's case says open$/, "detail.case"],
  [/^the board of sensors: (?<why>.*)$/, "detail.board"],
];

export function detailOf({ alarm, detail }, words) {
  if (!detail) return "";
  switch (alarm) {
    case "view_moved":
    case "mount_moved":
      return detail.replace(/^gravity: /, "").replace(AXIS, (axis) => words.t(`axis.${axis}`)).replaceAll(", ", words.t("list.comma"));
    case "view_unknown":
      return words.member("ViewCause", detail);
    case "sign_fault":
      return ofSign(detail, words);
    default: {
      const [pattern, key] = SENTENCES.find(([one]) => one.test(detail)) ?? [];
      return pattern ? words.t(key, pattern.exec(detail).groups ?? {}) : detail;
    }
  }
}

function ofSign(detail, words) {
  const [, state, lit, why] = /^(\w+), (\w+)(?:; no reading: (.*))?$/.exec(detail) ?? [];
  if (!state) return detail;
  const said = [words.member("SignageState", state), ...(lit === "unknown" ? [] : [words.member("LitState", lit)])].join(" · ");
  return why === undefined ? said : `${said} · ${words.t("detail.no_reading", { why })}`;
}
