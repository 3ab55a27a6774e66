// The SMS and the letters of everyone in the demonstration, newest first, with their codes ready to be used.

import { h, icon, replace } from "./dom.js";
import { shortDate, t } from "./i18n.js";
import { copy } from "./overlay.js";
import { spaced } from "./people.js";
import { linkify } from "./rich.js";
import { holder } from "./store.js";

const CODE = /(?<!\d)\d{6}(?!\d)/;

export const codeIn = (text) => CODE.exec(text ?? "")?.[0] ?? null;

/** `insert(messenger, text)` puts a code into a phone's input; `arrived(item)` hears of each new SMS. */
export function createInbox({ insert, arrived }) {
  const sms = panel("sms", t("sms"), "sms");
  const mail = panel("mail", t("mail"), "mail");
  const node = h("div", { class: "inbox", "data-panel": "inbox" }, sms.node, mail.node);
  let known = null;

  function update(state) {
    const before = known;
    known = new Set([...state.sms.map((item) => `sms-${item.id}`), ...state.mail.map((item) => `mail-${item.id}`)]);
    const fresh = (kind, item) => before !== null && !before.has(`${kind}-${item.id}`);
    fill(sms, state.sms, t("noSms"), (item) => letter("sms", item, insert, fresh("sms", item)));
    fill(mail, state.mail, t("noMail"), (item) => letter("mail", item, insert, fresh("mail", item)));
    for (const item of state.sms) if (fresh("sms", item)) arrived(item);
    return [...known].filter((key) => before !== null && !before.has(key)).length;
  }

  return { node, update };
}

function panel(name, title, picture) {
  const count = h("span", { class: "count" });
  const list = h("div", { class: "letters", tabindex: "0", role: "log", "aria-label": title });
  const node = h("section", { class: `card-panel panel-${name}`, "data-testid": name, "aria-label": title },
    h("h2", {}, icon(picture, 20), title, count), list);
  return { node, list, count };
}

function fill(place, items, nothing, draw) {
  const newest = [...items].sort((a, b) => new Date(b.at) - new Date(a.at) || b.id - a.id);
  const mark = JSON.stringify([newest, holder("telegram")?.phone, holder("viber")?.phone]);
  if (place.mark === mark) return;
  place.mark = mark;
  place.count.textContent = newest.length ? String(newest.length) : "";
  replace(place.list, newest.length ? newest.map(draw) : h("p", { class: "nothing" }, nothing));
}

function letter(kind, item, insert, fresh) {
  const code = codeIn(item.text) ?? codeIn(item.subject);
  return h("article", { class: `letter${fresh ? " fresh" : ""}`, "data-testid": `${kind}-item`, "data-code": code },
    h("header", {}, h("span", {}, kind === "sms" ? spaced(item.to) : item.to), h("time", { datetime: item.at }, shortDate(item.at))),
    item.subject ? h("b", { class: "subject" }, item.subject) : null,
    h("p", {}, marked(item.text, code)),
    code ? h("footer", {}, insertButton("telegram", code, insert), insertButton("viber", code, insert)) : null);
}

function insertButton(messenger, code, insert) {
  const words = t(messenger === "telegram" ? "toTelegram" : "toViber");
  return h("button", { type: "button", class: `chip chip-${messenger}`, "data-testid": `insert-${messenger}`,
    "aria-label": t(messenger === "telegram" ? "insertTelegram" : "insertViber"), on: { click: () => insert(messenger, code) } }, words);
}

function marked(text, code) {
  if (!code || !text.includes(code)) return linkify(text);
  const at = text.indexOf(code);
  return [linkify(text.slice(0, at)),
    h("button", { type: "button", class: "code", "data-testid": "code", "aria-label": t("copyCode", { code }), title: t("copyCode", { code }),
      on: { click: () => copy(code) } }, code),
    linkify(text.slice(at + code.length))];
}
