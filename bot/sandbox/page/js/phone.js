// The body that both phones share: frame, status line, header, the place for messages, and what slides over it.

import { h, icon, replace } from "./dom.js";
import { clockTime, t } from "./i18n.js";
import { menu } from "./overlay.js";
import { createPicker } from "./people.js";
import { now } from "./store.js";

const NOTICE_STAYS = 12000;
const TOAST_STAYS = 4500;
// Messengers show "typing" for five seconds at most, whatever the bot does afterwards.
const TYPING_STAYS = 5500;

/** `spec`: {messenger, log, header: {menuItems()}}; the messenger fills `foot`, `keys` and `cover`. */
export function createPhone(spec) {
  const picker = createPicker(spec.messenger);
  const title = h("span", { class: "bar-name" });
  const subtitle = h("span", { class: "bar-sub" });
  const avatar = h("span", { class: "avatar", "aria-hidden": "true" });
  const time = h("time", {});
  const more = h("button", { type: "button", class: "round bar-more", "data-testid": "more", "aria-label": t("more"),
    "aria-haspopup": "menu", on: { click: () => menu(more, spec.menuItems(), { label: t("more") }) } }, icon("more"));
  const toast = h("div", { class: "phone-toast", role: "status", "aria-live": "polite" });
  const notice = h("div", { class: "notice-shelf", "aria-live": "polite" });
  const cover = h("div", { class: "cover" });
  const foot = h("div", { class: "foot" });
  const keys = h("div", { class: "keys" });
  const screen = h("div", { class: "screen" },
    h("div", { class: "status-line", "aria-hidden": "true" }, time, h("span", { class: "status-icons" },
      h("i", { class: "signal" }), h("span", {}, "LTE"), h("i", { class: "battery" }))),
    h("header", { class: "bar" }, h("span", { class: "bar-back" }, icon("back")), avatar,
      h("div", { class: "bar-words" }, title, subtitle), more),
    h("div", { class: "chat" }, h("div", { class: "wallpaper", "aria-hidden": "true" }), spec.log.node, cover, toast),
    foot, keys, notice);
  const node = h("section", { class: `slot slot-${spec.messenger}`, "data-panel": spec.messenger,
    "data-testid": `phone-${spec.messenger}`, "aria-label": t(spec.messenger === "telegram" ? "tabTelegram" : "tabViber") },
  picker.node, h("div", { class: `phone ${spec.messenger}` }, screen));
  let toastTimer = null;
  let typingTimer = null;
  let shown = null;

  function type(typing) {
    clearTimeout(typingTimer);
    if (typing) typingTimer = setTimeout(() => type(false), TYPING_STAYS);
    if (subtitle.dataset.typing === String(typing)) return;
    subtitle.dataset.typing = String(typing);
    replace(subtitle, typing ? [t("typing"), dots()] : t("bot"));
  }

  return {
    node, cover, foot, keys,
    tick: () => { time.textContent = clockTime(now()); },
    update(people, person, operator) {
      picker.update(people, person);
      if (title.textContent !== operator) {
        title.textContent = operator;
        avatar.textContent = [...operator.replace(/[^\p{L}\p{N}]/gu, "")][0]?.toUpperCase() ?? "A";
      }
      if (person?.id !== shown) {
        shown = person?.id;
        replace(toast);
        replace(notice);
      }
      type(Boolean(person?.typing));
      more.disabled = !person;
    },
    say(words) {
      replace(toast, h("div", { class: "phone-toast-words", "data-testid": "toast" }, words));
      clearTimeout(toastTimer);
      toastTimer = setTimeout(() => replace(toast), TOAST_STAYS);
    },
    calm: () => replace(notice),
    /** A message of the phone itself, above everything, as when an SMS comes. */
    notify(words, act) {
      const close = () => banner.remove();
      const banner = h("button", { type: "button", class: "notice", "data-testid": "notice",
        on: { click: () => { close(); act?.(); } } },
      h("span", { class: "notice-icon" }, icon("sms", 22)),
      h("span", { class: "notice-words" }, h("b", {}, t("smsFrom")), h("span", {}, words), act ? h("small", {}, t("tapInsert")) : null));
      replace(notice, banner);
      setTimeout(close, NOTICE_STAYS);
    },
  };
}

const dots = () => h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));

/** Puts `nodes` into `parent` only when `mark` has changed, so that focus is not lost for nothing. */
export function redraw(parent, mark, draw) {
  if (parent.dataset.mark === mark) return false;
  parent.dataset.mark = mark;
  replace(parent, draw());
  return true;
}

/** Opens the actions of a message from a right click, a long press or its own small button. */
export function withActions(bubbleNode, items) {
  const opener = h("button", { type: "button", class: "act", "aria-label": t("actions"), "aria-haspopup": "menu",
    on: { click: () => menu(opener, items(), { label: t("actions") }) } }, icon("down", 18));
  bubbleNode.append(opener);
  bubbleNode.addEventListener("contextmenu", (event) => {
    if (window.getSelection()?.toString()) return;
    event.preventDefault();
    menu(opener, items(), { label: t("actions") });
  });
  return bubbleNode;
}
