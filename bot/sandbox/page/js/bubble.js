// Draws what is inside a message: picture, file, contact, sticker, voice and words, alike in both messengers.

import { h, icon, ticks } from "./dom.js";
import { clockTime, fileSize, t } from "./i18n.js";
import { copy, lightbox } from "./overlay.js";
import { fromEntities, fromMarks, fromMarkup, linkify, localPicture, safeLink } from "./rich.js";

/** `look` says whose manners to follow: {telegram: bool, command(text)}. */
export function bubble(message, look) {
  const parts = [];
  if (message.reply) parts.push(quotation(message.reply));
  if (message.picture) parts.push(picture(message));
  if (message.document) parts.push(attachment(message.document));
  if (message.contact) parts.push(contact(message.contact));
  if (message.sticker) parts.push(sticker(message, look));
  if (message.voice) parts.push(voice(message));
  const words = message.text || message.html ? wording(message, look) : null;
  const stamp = meta(message, look);
  const bare = !words && !message.reply && (message.picture || message.sticker);
  const classes = ["bubble", message.picture && "has-picture", message.sticker && "is-sticker", bare && "bare", !words && "wordless"];
  return h("div", { class: classes.filter(Boolean).join(" ") }, parts,
    words ? h("div", { class: "words" }, words, stamp) : stamp);
}

function quotation(told) {
  return h("button", { type: "button", class: "quotation", "data-testid": "quotation", on: { click: (event) => {
    const log = event.currentTarget.closest(".log");
    const target = [...log.querySelectorAll("[data-id]")].find((row) => row.dataset.id === String(told.id));
    target?.scrollIntoView({ block: "center" });
    target?.classList.add("found");
    setTimeout(() => target?.classList.remove("found"), 1500);
  } } }, h("b", {}, told.author ?? t(told.from === "me" ? "me" : "bot")), h("span", {}, told.text));
}

function wording(message, look) {
  if (message.html) return fromMarkup(message.html);
  if (message.entities?.length) return fromEntities(message.text, message.entities, { command: look.command, copy });
  return look.telegram ? linkify(message.text) : fromMarks(message.text);
}

function meta(message, look) {
  const mine = message.from === "me";
  return h("span", { class: "meta" },
    message.edited ? h("span", { class: "edited" }, t("edited")) : null,
    h("time", { datetime: message.at }, clockTime(message.at)),
    mine ? ticks(message.status, look.telegram) : null);
}

function picture(message) {
  const address = localPicture(message.picture);
  if (!address) {
    const away = safeLink(message.picture);
    return h("a", { class: "picture-away", href: away, target: "_blank", rel: "noopener noreferrer" }, icon("photo"), t("picAway"));
  }
  const image = h("img", { src: address, alt: message.text || t("picture"), loading: "eager", referrerpolicy: "no-referrer" });
  image.addEventListener("error", () => image.classList.add("broken"));
  return h("button", { type: "button", class: "picture", "aria-label": t("openPicture"),
    on: { click: () => lightbox(address, message.text) } }, image);
}

function attachment(file) {
  const inside = [h("span", { class: "disc" }, icon("file", 22)),
    h("span", { class: "card-words" }, h("b", {}, file.name), h("small", {}, fileSize(file.size)))];
  const href = file.url ? localPicture(file.url) : null;
  return href
    ? h("a", { class: "card document", href, download: file.name, "aria-label": `${t("download")}: ${file.name}` }, inside)
    : h("div", { class: "card document" }, inside);
}

function contact(card) {
  return h("div", { class: "card contact" }, h("span", { class: "disc" }, initials(card.name) || icon("person", 22)),
    h("span", { class: "card-words" }, h("b", {}, card.name || t("contact")), h("small", {}, card.phone)));
}

function sticker(message, look) {
  if (look.telegram) return h("span", { class: "sticker-face", role: "img", "aria-label": t("sticker") }, "🐈");
  return h("img", { class: "sticker-picture", src: "sticker.svg", alt: t("sticker"), width: 128, height: 128 });
}

// The bars of a voice message are drawn from its id, so that one message always looks the same.
function voice(message) {
  let seed = [...String(message.id)].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7);
  const bars = Array.from({ length: 28 }, () => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return h("i", { style: { height: `${4 + (seed % 17)}px` } });
  });
  return h("div", { class: "card voice", role: "img", "aria-label": t("voice") },
    h("span", { class: "disc" }, icon("play", 22)), h("span", { class: "wave" }, bars), h("small", {}, "0:04"));
}

export function initials(name) {
  return (name ?? "").split(/\s+/).filter((word) => /^\p{L}/u.test(word)).slice(0, 2).map((word) => [...word][0]).join("").toUpperCase();
}
