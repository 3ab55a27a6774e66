// The right phone: Viber's manners, with its six-column keyboard, delivery ticks and subscription.

import { act, send } from "./api.js";
import { bubble, initials } from "./bubble.js";
import { createComposer } from "./composer.js";
import { h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { createLog } from "./messages.js";
import { ask, attempt, copy } from "./overlay.js";
import { createPhone, redraw, withActions } from "./phone.js";
import { colour, fromMarkup, localPicture, plain, safeLink } from "./rich.js";
import { fileItems } from "./samples.js";
import { holder } from "./store.js";
import { big, otherContact } from "./telegram.js";

const NAME = "viber";
const ALIGN = { left: "start", center: "center", right: "end" };
const VERTICAL = { top: "start", middle: "center", bottom: "end" };

export function createViber() {
  let person = null;
  let operator = "";
  let keysOpen = true;
  let inputOpen = false;
  let latest = null;
  const seen = new Set();
  const opened = new Set();
  const members = new Set();

  const run = (verb, body) => attempt(() => act(NAME, person.id, verb, body));

  const log = createLog((message, place) => drawMessage(message, place));
  const phone = createPhone({ messenger: NAME, log, menuItems });
  const keysToggle = h("button", { type: "button", class: "round keys-toggle", on: { click: () => { keysOpen = !keysOpen; again(); } } },
    icon("keyboard"));
  const composer = createComposer({
    placeholder: t("viberMessage"), trailing: keysToggle, attachments, attachFirst: true, attachIcon: "plus",
    say: (text, answered) => (answered ? run("reply", { text, message_id: answered.id }) : run("say", { text })),
    give: (verb, files, caption) => attempt(() => send(NAME, person.id, verb, files, { caption })),
    speak: () => run("sticker"),
    speakIcon: "sticker", speakLabel: t("sticker"), speakTestid: "sticker",
  });

  function attachments() {
    return [
      ...fileItems({ photo: "picture", document: "file" }, composer.stage),
      { label: t("ownContact"), icon: "person", testid: "attach-contact", run: () => run("contact") },
      { label: t("otherContact"), icon: "people", testid: "attach-other-contact", run: () => otherContact((card) => run("contact", card)) },
      { label: t("sticker"), icon: "sticker", testid: "attach-sticker", run: () => run("sticker") },
    ];
  }

  function menuItems() {
    return [
      { label: t("deepLink"), icon: "link", testid: "deep-link", run: openLink },
      null,
      !joined(person)
        ? { label: t("subscribe"), icon: "bell", testid: "unblock", run: () => run("subscribe") }
        : { label: t("unsubscribe"), icon: "block", testid: "block", danger: true, run: () => run("unsubscribe") },
    ];
  }

  async function openLink() {
    const values = await ask({ title: t("deepLink"), confirm: t("open"),
      fields: [{ name: "context", label: t("deepLinkViber"), placeholder: "link_…" }] });
    if (values) await run("open", values.context ? { context: values.context } : {});
  }

  function drawMessage(message, place) {
    if (message.from === "system") return h("div", { class: "service", "data-testid": "message", "data-from": "system" }, h("span", {}, message.text));
    const inside = bubble(message, { telegram: false });
    withActions(inside, () => [
      { label: t("reply"), icon: "reply", testid: "message-reply", run: () => composer.reply(message) },
      message.text ? { label: t("copyText"), icon: "copy", run: () => copy(message.text) } : null,
    ].filter(Boolean));
    const face = message.from === "bot" ? h("span", { class: "face", "aria-hidden": "true" }, place.last ? initials(operator)[0] ?? "A" : "") : null;
    return h("div", { class: `row ${message.from}${place.first ? " first" : ""}${place.last ? " last" : ""}`, "data-testid": "message",
      "data-from": message.from, "data-id": message.id }, face, h("div", { class: "stack" }, inside));
  }

  function drawKeys(keyboard) {
    const grid = h("div", { class: "grid", role: "group", "aria-label": t("keyboard") }, keyboard.buttons.map(key));
    const background = colour(keyboard.background);
    if (background) grid.style.backgroundColor = background;
    return grid;
  }

  function key(one, index) {
    const label = plain(one.Text);
    const shared = { class: `cell size-${one.TextSize ?? "regular"}`, "data-testid": "keyboard-button", "data-label": label,
      "aria-label": label || one.ActionBody, style: cellStyle(one) };
    const picture = localPicture(one.Image || one.BgMedia || "about:blank");
    const inside = [picture ? h("img", { class: "cell-picture", src: picture, alt: "", referrerpolicy: "no-referrer" }) : null,
      keyIcon(one.ActionType), one.Text ? h("span", { class: "cell-words" }, fromMarkup(one.Text)) : null];
    if (one.ActionType === "none") return h("div", shared, inside);
    if (one.ActionType === "open-url") {
      return h("a", { ...shared, href: safeLink(one.ActionBody), target: "_blank", rel: "noopener noreferrer",
        on: { click: () => { run("press", { index }); } } }, inside);
    }
    return h("button", { ...shared, type: "button", on: { click: () => run("press", { index }) } }, inside);
  }

  function drawFoot(mode) {
    if (mode === "blocked") {
      return h("div", { class: "unsubscribed" }, h("p", {}, t("unsubscribed")), big("unblock", t("subscribe"), () => run("subscribe"), "start"));
    }
    if (mode === "empty") return big("start", t("viberStart"), begin, "start");
    if (mode === "minimized") {
      return h("button", { type: "button", class: "show-input", "data-testid": "show-input", on: { click: () => { inputOpen = true; again(); } } },
        icon("edit", 18), t("showInput"));
    }
    if (mode === "hidden") return null;
    return mode === "chat" ? composer.node : h("p", { class: "off" }, t("off", { name: "Viber" }));
  }

  // A bot need not greet: once the chat is open, one can write in it.
  function begin() {
    opened.add(person.id);
    again();
    run("open");
  }

  function update(state) {
    latest = state;
    const side = state[NAME];
    const next = holder(NAME);
    if (next?.id !== person?.id) inputOpen = false;
    person = next;
    if (person && joined(person)) members.add(person.id);
    operator = state.operator.name;
    phone.update(side.people, person, operator);
    log.update(person?.id ?? "", person?.messages ?? []);
    const keyboard = person && !gone() && person.keyboard?.kind === "viber" && person.keyboard.buttons.length ? person.keyboard : null;
    const mode = footMode(side, keyboard);
    if (redraw(phone.foot, mode, () => drawFoot(mode))) composer.settle();
    redraw(phone.cover, mode === "empty" ? `about ${operator}` : "", () => (mode === "empty"
      ? h("div", { class: "about" }, h("span", { class: "avatar big-avatar", "aria-hidden": "true" }, initials(operator)[0] ?? "A"),
        h("b", {}, operator), h("p", {}, t("viberAbout"))) : null));
    const shown = mode === "empty" || mode === "off" ? null : keyboard;
    const mark = JSON.stringify([shown, person?.id]);
    if (phone.keys.dataset.mark !== mark) keysOpen = true;
    redraw(phone.keys, mark, () => (shown ? drawKeys(shown) : null));
    phone.keys.hidden = !shown || !keysOpen;
    keysToggle.hidden = !shown;
    keysToggle.setAttribute("aria-label", t(keysOpen ? "keyboardHide" : "keyboardShow"));
    keysToggle.setAttribute("aria-pressed", String(keysOpen));
    if (mode === "chat") composer.show(person.id + NAME);
    look();
  }

  // Someone who has not written yet is not subscribed either, which is not the same as having left.
  function gone() {
    return !joined(person) && (person.blocked || members.has(person.id) || person.messages.some((message) => message.from === "me"));
  }

  function footMode(side, keyboard) {
    if (!side.on || !person) return "off";
    if (gone()) return "blocked";
    if (!person.messages.length && !opened.has(person.id)) return "empty";
    if (keyboard && keyboard.input === "hidden") return "hidden";
    return keyboard && keyboard.input === "minimized" && !inputOpen ? "minimized" : "chat";
  }

  // Viber tells the bot that a message was seen once it is on a screen that somebody looks at.
  function look() {
    const last = person?.messages.findLast((message) => message.from === "bot");
    if (!last || last.status === "seen" || seen.has(last.id) || document.hidden || phone.node.offsetParent === null) return;
    seen.add(last.id);
    act(NAME, person.id, "seen").catch(() => seen.delete(last.id));
  }

  const again = () => { if (latest) update(latest); };
  document.addEventListener("visibilitychange", look);
  return { node: phone.node, tick: phone.tick, notify: phone.notify, calm: phone.calm, update, look,
    insert(text) {
      inputOpen = true;
      again();
      if (phone.foot.contains(composer.node)) composer.insert(text);
      else run("say", { text });
    } };
}

const joined = (person) => person.subscribed ?? !person.blocked;

function cellStyle(one) {
  return {
    "grid-column": `span ${Math.min(Math.max(one.Columns ?? 6, 1), 6)}`,
    "grid-row": `span ${Math.min(Math.max(one.Rows ?? 1, 1), 2)}`,
    ...(colour(one.BgColor) ? { "background-color": one.BgColor, color: "#1f1f28" } : {}),
    "justify-content": ALIGN[one.TextHAlign] ?? "center",
    "text-align": one.TextHAlign ?? "center",
    "align-items": VERTICAL[one.TextVAlign] ?? "center",
  };
}

function keyIcon(action) {
  const name = { "share-phone": "phone", "location-picker": "pin", "open-url": "link" }[action];
  return name ? h("span", { class: "cell-icon" }, icon(name, 16)) : null;
}
