// The line in which the subscriber writes: growing input, attach, send or speak, and editing an own message.

import { h, icon, replace } from "./dom.js";
import { t } from "./i18n.js";
import { menu } from "./overlay.js";
import { draft, keepDraft } from "./store.js";

const TALLEST = 132;

/**
 * `spec`: {placeholder, leading: nodes, trailing: nodes, attachments(): menu items, say(text), edit(message, text), speak()}.
 * Returns {node, show(key, placeholder), insert(text), edit(message)}.
 */
export function createComposer(spec) {
  let key = "";
  let editing = null;

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
  const line = h("div", { class: "composer-line" }, spec.attachFirst ? attachButton : null, spec.leading ?? null,
    h("div", { class: "field" }, input, spec.trailing ?? null, spec.attachFirst ? null : attachButton), speakButton, sendButton);
  const node = h("div", { class: "composer" }, editBar, line);

  input.addEventListener("input", () => { keepDraft(key, input.value); fit(); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape" && editing) {
      stopEditing();
    }
  });

  function submit() {
    const text = input.value.trim();
    if (!text) return;
    const target = editing;
    if (target) stopEditing();
    write("");
    if (target) spec.edit(target, text);
    else spec.say(text);
    input.focus({ preventScroll: true });
  }

  function write(text) {
    input.value = text;
    keepDraft(key, text);
    fit();
  }

  function fit() {
    const filled = input.value.trim() !== "";
    sendButton.hidden = !filled;
    speakButton.hidden = filled;
    input.style.height = "auto";
    // Nothing can be measured on a tab that is not shown; the style sheet's height holds until then.
    input.style.height = input.scrollHeight ? `${Math.min(input.scrollHeight, TALLEST)}px` : "";
    input.style.overflowY = input.scrollHeight > TALLEST ? "auto" : "hidden";
  }

  function stopEditing() {
    editing = null;
    editBar.hidden = true;
    write("");
  }

  function edit(message) {
    editing = message;
    replace(editBar, icon("edit", 20), h("div", {}, h("b", {}, t("editing")), h("span", {}, message.text)),
      h("button", { type: "button", class: "round", "aria-label": t("editCancel"), on: { click: stopEditing } }, icon("close", 20)));
    editBar.hidden = false;
    write(message.text);
    input.focus();
  }

  return {
    node,
    edit,
    /** Shows the draft of this chat, and what the bot asks for, if it asks. */
    show(chat, placeholder) {
      input.placeholder = placeholder || spec.placeholder;
      if (chat === key) return;
      key = chat;
      editing = null;
      editBar.hidden = true;
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
