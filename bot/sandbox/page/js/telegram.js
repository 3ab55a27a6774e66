// The left phone: Telegram's manners, with inline buttons, a reply keyboard, commands and START.

import { act, send } from "./api.js";
import { bubble } from "./bubble.js";
import { createComposer } from "./composer.js";
import { h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { createLog } from "./messages.js";
import { ask, attempt, copy, menu } from "./overlay.js";
import { createPhone, redraw, withActions } from "./phone.js";
import { safeLink } from "./rich.js";
import { fileItems } from "./samples.js";
import { draft, holder } from "./store.js";

const NAME = "telegram";

export function createTelegram() {
  let person = null;
  let keysOpen = true;
  let toastSeen = null;
  let awaitToast = false;

  const run = (verb, body) => attempt(() => act(NAME, person.id, verb, body));

  const log = createLog((message, place) => drawMessage(message, place));
  const phone = createPhone({ messenger: NAME, log, menuItems });
  const commands = h("button", { type: "button", class: "menu-pill", "data-testid": "menu-commands", "aria-label": t("commands"),
    "aria-haspopup": "menu", on: { click: showCommands } }, icon("menu", 20), h("span", {}, t("menu")));
  const keysToggle = h("button", { type: "button", class: "round keys-toggle", on: { click: () => { keysOpen = !keysOpen; update.again(); } } },
    icon("keyboard"));
  const composer = createComposer({
    placeholder: t("message"), leading: commands, trailing: keysToggle, attachments,
    say: (text, answered) => run("say", answered ? { text, reply_to: answered.id } : { text }),
    give: (verb, files, caption, answered) => attempt(() => send(NAME, person.id, verb, files, { caption, reply_to: answered?.id })),
    edit: (message, text) => run("edit", { message_id: message.id, text }),
    speak: () => run("voice"),
  });

  function attachments() {
    return [
      ...fileItems({ photo: "photo", document: "document" }, composer.stage),
      { label: t("ownContact"), icon: "person", testid: "attach-contact", run: () => run("contact") },
      { label: t("otherContact"), icon: "people", testid: "attach-other-contact", run: () => otherContact((card) => run("contact", card)) },
      { label: t("sticker"), icon: "sticker", testid: "attach-sticker", run: () => run("sticker") },
      { label: t("voice"), icon: "mic", testid: "attach-voice", run: () => run("voice") },
    ];
  }

  function menuItems() {
    return [
      { label: t("deepLink"), icon: "link", testid: "deep-link", run: openLink },
      null,
      person.blocked
        ? { label: t("unblock"), icon: "check", testid: "unblock", run: () => run("unblock") }
        : { label: t("block"), icon: "block", testid: "block", danger: true, run: () => run("block") },
    ];
  }

  async function openLink() {
    const values = await ask({ title: t("deepLink"), confirm: t("open"),
      fields: [{ name: "param", label: t("deepLinkTelegram"), placeholder: "link_…" }] });
    if (values) await run("start", values.param ? { param: values.param } : {});
  }

  function showCommands() {
    const items = (person?.commands ?? []).map((one) => ({ label: `/${one.command}`, detail: one.description,
      testid: "command", run: () => run("say", { text: `/${one.command}` }) }));
    const none = [{ label: t("noCommands"), run: () => {} }];
    menu(commands, items.length ? items : none, { label: t("commands"), above: true, wide: true });
  }

  function drawMessage(message, place) {
    if (message.from === "system") return h("div", { class: "service", "data-testid": "message", "data-from": "system" }, h("span", {}, message.text));
    const inside = bubble(message, { telegram: true, command: (text) => run("say", { text }) });
    const editable = message.from === "me" && message.text && !message.contact;
    if (message.from !== "system") {
      withActions(inside, () => [
        { label: t("reply"), icon: "reply", testid: "message-reply", run: () => composer.reply(message) },
        editable ? { label: t("edit"), icon: "edit", testid: "message-edit", run: () => composer.edit(message) } : null,
        message.text ? { label: t("copyText"), icon: "copy", run: () => copy(message.text) } : null,
      ].filter(Boolean));
    }
    if (editable) inside.addEventListener("dblclick", () => composer.edit(message));
    return h("div", { class: `row ${message.from}${place.first ? " first" : ""}${place.last ? " last" : ""}${message.album ? " in-album" : ""}`, "data-testid": "message",
      "data-from": message.from, "data-id": message.id }, h("div", { class: "stack" }, inside, inlineRows(message)));
  }

  function inlineRows(message) {
    if (!message.buttons?.length) return null;
    return h("div", { class: "inline" }, message.buttons.map((row) => h("div", { class: "inline-row" }, row.map((one) => inlineButton(message, one)))));
  }

  function inlineButton(message, one) {
    const shared = { class: `inline-button${one.style ? ` style-${one.style}` : ""}`, "data-testid": "button", "data-label": one.text };
    if (one.kind === "url") {
      return h("a", { ...shared, href: safeLink(one.url), target: "_blank", rel: "noopener noreferrer" }, one.text, icon("link", 12));
    }
    if (one.kind === "copy") {
      return h("button", { ...shared, type: "button", on: { click: () => copy(one.data ?? one.text) } }, one.text, icon("copy", 12));
    }
    const node = h("button", { ...shared, type: "button" }, one.text);
    node.addEventListener("click", async () => {
      node.classList.add("waiting");
      awaitToast = true;
      await run("press", { message_id: message.id, data: one.data });
      node.classList.remove("waiting");
    });
    return node;
  }

  function drawKeys(keyboard) {
    return h("div", { class: "reply-keys", role: "group", "aria-label": t("keyboard") }, keyboard.rows.map((row) => h("div", { class: "reply-row" },
      row.map((key) => h("button", { type: "button", class: "reply-key", "data-testid": "keyboard-button", "data-label": key.text,
        on: { click: () => run("keyboard", { text: key.text }) } },
      key.request ? icon(key.request === "contact" ? "phone" : "pin", 18) : null, h("span", {}, key.text))))));
  }

  function drawFoot(mode) {
    if (mode === "blocked") return big("unblock", t("unblock"), () => run("unblock"), "unblock-bar");
    if (mode === "empty") return big("start", t("start"), () => run("start"), "start");
    return mode === "chat" ? composer.node : h("p", { class: "off" }, t("off", { name: "Telegram" }));
  }

  function update(state) {
    const side = state[NAME];
    const next = holder(NAME);
    const changed = next?.id !== person?.id;
    person = next;
    phone.update(side.people, person, state.operator.name);
    log.update(person?.id ?? "", person?.messages ?? []);
    const empty = !person?.messages.some((message) => message.from !== "system");
    const mode = !side.on || !person ? "off" : person.blocked ? "blocked" : empty && !draft(person.id + NAME) ? "empty" : "chat";
    if (redraw(phone.foot, mode, () => drawFoot(mode))) composer.settle();
    redraw(phone.cover, mode === "empty" ? "about" : "", () => (mode === "empty"
      ? h("div", { class: "about" }, h("b", {}, t("whatCan")), h("p", {}, t("botAbout"))) : null));
    const keyboard = mode === "chat" && person.keyboard?.kind === "reply" ? person.keyboard : null;
    const mark = JSON.stringify([keyboard, person?.id]);
    if (phone.keys.dataset.mark !== mark) keysOpen = true;
    redraw(phone.keys, mark, () => (keyboard ? drawKeys(keyboard) : null));
    phone.keys.hidden = !keyboard || !keysOpen;
    keysToggle.hidden = !keyboard;
    keysToggle.setAttribute("aria-label", t(keysOpen ? "keyboardHide" : "keyboardShow"));
    keysToggle.setAttribute("aria-pressed", String(keysOpen));
    if (mode === "chat") composer.show(person.id + NAME, keyboard?.placeholder);
    showToast(changed);
  }

  function showToast(changed) {
    const words = person?.toast ?? null;
    if (words && !changed && (words !== toastSeen || awaitToast)) {
      phone.say(words);
      awaitToast = false;
    }
    toastSeen = words;
  }

  update.again = () => { if (update.state) update(update.state); };
  return { node: phone.node, tick: phone.tick, insert: composer.insert, notify: phone.notify, calm: phone.calm,
    update: (state) => { update.state = state; update(state); } };
}

/** The one wide button that stands where the input would be. */
export function big(testid, words, run, kind) {
  return h("button", { type: "button", class: `big ${kind}`, "data-testid": testid, on: { click: run } }, words);
}

export async function otherContact(share) {
  const card = await ask({ title: t("otherContact"), note: t("otherContactNote"), confirm: t("send"), fields: [
    { name: "name", label: t("name"), value: "Иван Петров", required: true },
    { name: "phone", label: t("phone"), type: "tel", value: "+79161234567", required: true },
  ] });
  if (card) await share(card);
}
