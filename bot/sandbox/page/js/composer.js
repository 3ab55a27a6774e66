// The line in which the subscriber writes: growing input, files to be sent with it, answering, editing an own message.

import { h, icon, replace } from "./dom.js";
import { t } from "./i18n.js";
import { menu } from "./overlay.js";
import { draft, keepDraft } from "./store.js";

const TALLEST = 132;

/**
 * `spec`: {placeholder, leading: nodes, trailing: nodes, attachments(): menu items, say(text, answered), edit(message, text),
 * give(verb, files, words, answered), speak()}; `answered` is the message that is replied to, or null.
 * Returns {node, show(key, placeholder), insert(text), edit(message), reply(message), stage(verb, files)}.
 */
export function createComposer(spec) {
  let key = "";
  let editing = null;
  let answering = null;
  let staged = null;

  const input = h("textarea", { class: "input", rows: "1", "data-testid": "input", placeholder: spec.placeholder,
    "aria-label": spec.placeholder, autocomplete: "off", enterkeyhint: "send" });
  const sendButton = h("button", { type: "button", class: "round send", "data-testid": "send", "aria-label": t("send"),
    on: { click: submit } }, icon("send"));
  const speakButton = h("button", { type: "button", class: "round speak", "data-testid": spec.speakTestid ?? "voice",
    "aria-label": spec.speakLabel ?? t("voice"), on: { click: () => spec.speak() } }, icon(spec.speakIcon ?? "mic"));
  const attachButton = h("button", { type: "button", class: "round attach", "data-testid": "attach", "aria-label": t("attach"),
    "aria-haspopup": "menu", on: { click: () => menu(attachButton, spec.attachments(), { label: t("attach"), above: true }) } },
  icon(spec.attachIcon ?? "clip"));
  const editBar = h("div", { class: "edit-bar", hidden: true });
  const tray = h("div", { class: "tray", "data-testid": "tray", hidden: true });
  const line = h("div", { class: "composer-line" }, spec.attachFirst ? attachButton : null, spec.leading ?? null,
    h("div", { class: "field" }, input, spec.trailing ?? null, spec.attachFirst ? null : attachButton), speakButton, sendButton);
  const node = h("div", { class: "composer" }, editBar, tray, line);

  input.addEventListener("input", () => { keepDraft(key, input.value); fit(); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape") {
      stop();
    }
  });

  function submit() {
    const text = input.value.trim();
    const [target, answered, files] = [editing, answering, staged];
    if (!text && !files) return;
    stop();
    write("");
    if (files) spec.give(files.verb, files.files, text, answered);
    else if (target) spec.edit(target, text);
    else spec.say(text, answered);
    input.focus({ preventScroll: true });
  }

  function write(text) {
    input.value = text;
    keepDraft(key, text);
    fit();
  }

  function fit() {
    const filled = input.value.trim() !== "" || staged !== null;
    sendButton.hidden = !filled;
    speakButton.hidden = filled;
    input.style.height = "auto";
    // Nothing can be measured on a tab that is not shown; the style sheet's height holds until then.
    input.style.height = input.scrollHeight ? `${Math.min(input.scrollHeight, TALLEST)}px` : "";
    input.style.overflowY = input.scrollHeight > TALLEST ? "auto" : "hidden";
  }

  /** Puts away whatever stands above the line; a text that was being changed goes with it. */
  function stop() {
    if (editing) write("");
    for (const address of staged?.addresses ?? []) URL.revokeObjectURL(address);
    editing = answering = staged = null;
    editBar.hidden = tray.hidden = true;
    fit();
  }

  function bar(picture, title, words, cancel) {
    replace(editBar, icon(picture, 20), h("div", {}, h("b", {}, title), h("span", {}, words)),
      h("button", { type: "button", class: "round", "aria-label": cancel, on: { click: stop } }, icon("close", 20)));
    editBar.hidden = false;
  }

  function edit(message) {
    stop();
    editing = message;
    bar("edit", t("editing"), message.text, t("editCancel"));
    write(message.text);
    input.focus();
  }

  function reply(message) {
    stop();
    answering = message;
    bar("reply", t("replying"), message.text || (message.picture ? t("picture") : message.document?.name) || "…", t("replyCancel"));
    input.focus();
  }

  /** Files wait above the line until they are sent, with the words below them as their caption. */
  function stage(verb, files) {
    if (!files.length) return;
    const answered = answering;
    stop();
    answering = answered;
    editBar.hidden = !answered;
    staged = { verb, files, addresses: [] };
    const shown = files.map((file) => {
      if (!/^image\/(png|jpeg|gif|webp)$/.test(file.type)) return h("span", { class: "tray-file" }, icon("file", 22), h("small", {}, file.name));
      const address = URL.createObjectURL(file);
      staged.addresses.push(address);
      return h("img", { src: address, alt: file.name });
    });
    replace(tray, h("div", { class: "tray-files" }, shown),
      h("button", { type: "button", class: "round", "aria-label": t("trayCancel"), on: { click: stop } }, icon("close", 20)));
    tray.hidden = false;
    fit();
    input.focus();
  }

  return {
    node,
    edit,
    reply,
    stage,
    /** Shows the draft of this chat, and what the bot asks for, if it asks. */
    show(chat, placeholder) {
      input.placeholder = placeholder || spec.placeholder;
      if (chat === key) return;
      stop();
      key = chat;
      input.value = draft(chat);
      fit();
    },
    insert(text) {
      write(text);
      input.focus();
    },
    // A scroll height is only known once the element is on the page.
    settle: fit,
  };
}
