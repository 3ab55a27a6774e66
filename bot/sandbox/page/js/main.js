// Puts the page together: two phones, the inbox, the operator's desk, the hint and the language switch.

import { listen } from "./api.js";
import { createControls } from "./controls.js";
import { createForum } from "./forum.js";
import { h, icon, replace } from "./dom.js";
import { language, setLanguage, t } from "./i18n.js";
import { codeIn, createInbox } from "./inbox.js";
import { holder, recall, remember, store, subscribe } from "./store.js";
import { createTelegram } from "./telegram.js";
import { createViber } from "./viber.js";

const TABS = [["telegram", "tabTelegram", "send"], ["viber", "tabViber", "phone"], ["inbox", "tabInbox", "sms"], ["controls", "tabControls", "sliders"], ["forum", "tabForum", "people"]];
let phones = {};
let parts = null;

function show(tab) {
  document.body.dataset.tab = tab;
  if (tab === "controls" || tab === "forum") deck(tab);
  remember("tab", tab);
  for (const button of document.querySelectorAll("[data-tab-button]")) {
    button.setAttribute("aria-pressed", String(button.dataset.tabButton === tab));
    if (button.dataset.tabButton === tab) button.querySelector(".badge").textContent = "";
  }
  phones.viber?.look();
}

/** Which of the two lies on top in the third column of a wide screen. */
function deck(panel) {
  document.body.dataset.deck = panel;
  remember("deck", panel);
  for (const button of document.querySelectorAll("[data-deck-button]")) {
    button.setAttribute("aria-pressed", String(button.dataset.deckButton === panel));
  }
  parts?.forum.settle();
}

function deckButtons() {
  const names = [["controls", "tabControls", "sliders"], ["forum", "tabForum", "people"]];
  return h("div", { class: "deck", role: "group" }, names.map(([name, label, picture]) => h("button", { type: "button", "data-deck-button": name,
    "data-testid": `deck-${name}`, "aria-pressed": "false", on: { click: () => deck(name) } }, icon(picture, 18), h("span", {}, t(label)))));
}

/** Counts what has arrived on a tab that is not open, for narrow screens. */
function badge(tab, number) {
  if (!number || document.body.dataset.tab === tab) return;
  const mark = document.querySelector(`[data-tab-button="${tab}"] .badge`);
  if (mark) mark.textContent = String(Number(mark.textContent || 0) + number);
}

function insert(messenger, text) {
  show(messenger);
  for (const phone of Object.values(phones)) phone.calm();
  phones[messenger].insert(text);
}

function smsArrived(item) {
  for (const messenger of ["telegram", "viber"]) {
    if (holder(messenger)?.phone !== item.to) continue;
    const code = codeIn(item.text);
    phones[messenger].notify(item.text, code ? () => insert(messenger, code) : null);
  }
}

function hint() {
  if (recall("hint") === "seen") return null;
  const strip = h("aside", { class: "hint", "data-testid": "hint", "aria-label": t("hintTitle") },
    h("ol", {}, h("li", {}, t("hint1")), h("li", {}, t("hint2")), h("li", {}, t("hint3"))),
    h("button", { type: "button", class: "hint-close", "aria-label": t("hintClose"),
      on: { click: () => { remember("hint", "seen"); strip.remove(); } } }, icon("close", 18)));
  return strip;
}

function topBar() {
  const offline = h("span", { class: "offline", role: "status" });
  const about = h("span", { class: "top-about" });
  const choices = ["ru", "en"].map((code) => h("button", { type: "button", "data-testid": `language-${code}`, lang: code,
    "aria-pressed": String(language() === code), on: { click: () => { setLanguage(code); build(); } } }, code.toUpperCase()));
  const node = h("header", { class: "top" }, h("span", { class: "mark", "aria-hidden": "true" }), h("h1", {}, "Abonent"), about, offline,
    h("div", { class: "languages", role: "group", "aria-label": t("language") }, choices));
  return { node, update(state) {
    about.textContent = t("sandboxOf", { name: state.operator.name });
    offline.textContent = store.connected ? "" : t("offline");
  } };
}

function tabs() {
  return h("nav", { class: "tabs" }, TABS.map(([name, label, picture]) => h("button", { type: "button", "data-tab-button": name,
    "data-testid": `tab-${name}`, "aria-pressed": "false", on: { click: () => show(name) } },
  icon(picture, 20), h("span", {}, t(label)), h("span", { class: "badge", "aria-hidden": "true" }))));
}

function build() {
  document.documentElement.lang = language();
  document.title = t("title");
  phones = { telegram: createTelegram(), viber: createViber() };
  const top = topBar();
  const inbox = createInbox({ insert, arrived: smsArrived });
  const controls = createControls();
  const forum = createForum();
  parts = { top, inbox, controls, forum };
  replace(document.getElementById("app"), h("div", { class: "head" }, top.node, hint()), tabs(),
    h("main", { class: "stage" }, phones.telegram.node, phones.viber.node, h("div", { class: "side" }, inbox.node, deckButtons(), controls.node, forum.node)));
  deck(document.body.dataset.deck ?? recall("deck") ?? "controls");
  show(document.body.dataset.tab ?? recall("tab") ?? "telegram");
  if (store.state) update(store.state);
}

const counts = new Map();

function update(state) {
  parts.top.update(state);
  phones.telegram.update(state);
  phones.viber.update(state);
  badge("inbox", parts.inbox.update(state));
  for (const messenger of ["telegram", "viber"]) {
    const person = holder(messenger);
    const key = `${messenger}-${person?.id}`;
    const number = person?.messages.filter((message) => message.from === "bot").length ?? 0;
    if (counts.has(key)) badge(messenger, Math.max(0, number - counts.get(key)));
    counts.set(key, number);
  }
  parts.controls.update(state);
  const staff = parts.forum.update(state);
  if (counts.has("forum")) badge("forum", Math.max(0, staff - counts.get("forum")));
  counts.set("forum", staff);
  tick();
}

function tick() {
  phones.telegram.tick();
  phones.viber.tick();
  parts.controls.tick();
}

build();
subscribe(update);
setInterval(() => { if (store.state) tick(); }, 1000);
void listen();
