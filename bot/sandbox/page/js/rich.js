// Turns a messenger's styled text into DOM nodes, letting through only what is known to be harmless.

import { h } from "./dom.js";
import { t } from "./i18n.js";

const STYLES = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", blockquote: "blockquote",
  expandable_blockquote: "blockquote" };
const BLOCKS = new Set(["blockquote", "expandable_blockquote", "pre"]);
const MARKUP = { B: "strong", STRONG: "strong", I: "em", EM: "em", U: "u", S: "s", STRIKE: "s", DEL: "s", CODE: "code", PRE: "pre" };
const WEB = /\bhttps?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g;
const COLOUR = /^(#[0-9a-f]{3,8}|[a-z]{3,20})$/i;

/** An address that may be opened, or null. */
export function safeLink(address) {
  try {
    const url = new URL(address, location.href);
    return ["http:", "https:", "tel:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A picture's address if it is on this machine; nothing on the page makes a request to another one. */
export function localPicture(address) {
  try {
    const url = new URL(address, location.href);
    if (url.protocol === "blob:" || url.origin === location.origin) return url.href;
    const near = ["localhost", "127.0.0.1", "[::1]", location.hostname].includes(url.hostname);
    return near && /^https?:$/.test(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

export function colour(value) {
  return typeof value === "string" && COLOUR.test(value) ? value : null;
}

/** `hooks` may have `command(text)` and `copy(text)`; offsets count UTF-16 units, as JavaScript does. */
export function fromEntities(text, entities, hooks = {}) {
  const sorted = [...(entities ?? [])]
    .filter((entity) => entity.length > 0 && entity.offset >= 0 && entity.offset < text.length)
    .sort((a, b) => a.offset - b.offset || b.length - a.length);
  return walk(text, 0, text.length, sorted, hooks);
}

function walk(text, start, end, entities, hooks) {
  const nodes = [];
  let at = start;
  let index = 0;
  while (index < entities.length) {
    const entity = entities[index];
    const from = Math.max(entity.offset, at);
    const to = Math.min(entity.offset + entity.length, end);
    const inside = [];
    index += 1;
    while (index < entities.length && entities[index].offset < to) inside.push(entities[index++]);
    if (from >= to) continue;
    if (from > at) nodes.push(text.slice(at, from));
    nodes.push(styled(entity, text.slice(from, to), walk(text, from, to, inside, hooks), hooks));
    // A block ends its own line: the line break that follows it would make an empty one.
    at = BLOCKS.has(entity.type) && text[to] === "\n" && to < end ? to + 1 : to;
  }
  if (at < end) nodes.push(text.slice(at, end));
  return nodes;
}

function styled(entity, words, children, hooks) {
  if (STYLES[entity.type]) return h(STYLES[entity.type], {}, children);
  switch (entity.type) {
    case "spoiler": return spoiler(children);
    case "code": return copyable("code", words, children, hooks);
    case "pre": return copyable("pre", words, children, hooks);
    case "text_link": return link(entity.url, children);
    case "url": return link(/^[a-z][a-z0-9+.-]*:/i.test(words) ? words : `https://${words}`, children);
    case "email": return link(`mailto:${words}`, children);
    case "phone_number": return link(`tel:${words.replace(/[^\d+]/g, "")}`, children);
    case "bot_command":
      return h("button", { type: "button", class: "link", on: { click: () => hooks.command?.(words) } }, children);
    default: return h("span", {}, children);
  }
}

function link(address, children) {
  const href = safeLink(address);
  return href ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, children) : h("span", {}, children);
}

function copyable(tag, words, children, hooks) {
  return h(tag, { class: "copyable", title: hooks.copy ? t("copyText") : null, on: { click: () => hooks.copy?.(words) } }, children);
}

function spoiler(children) {
  const node = h("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": t("reveal") },
    h("span", { class: "spoiler-words" }, children));
  const reveal = (event) => {
    if (event.type === "keydown" && !["Enter", " "].includes(event.key)) return;
    event.preventDefault();
    node.classList.add("revealed");
    for (const name of ["role", "tabindex", "aria-label"]) node.removeAttribute(name);
  };
  node.addEventListener("click", reveal, { once: true });
  node.addEventListener("keydown", reveal);
  return node;
}

/** Viber's own markup (b, i, u, s, br, font); unknown tags leave only their words. */
export function fromMarkup(markup) {
  // A document made by DOMParser is inert: it runs no script and loads no picture.
  const parsed = new DOMParser().parseFromString(String(markup), "text/html");
  return [...parsed.body.childNodes].flatMap(clean);
}

function clean(node) {
  if (node.nodeType === Node.TEXT_NODE) return linkify(node.data);
  if (node.nodeType !== Node.ELEMENT_NODE || ["SCRIPT", "STYLE"].includes(node.tagName)) return [];
  const children = [...node.childNodes].flatMap(clean);
  if (node.tagName === "BR") return [h("br")];
  if (node.tagName === "A") return [link(node.getAttribute("href") ?? "", node.textContent)];
  if (node.tagName === "FONT" || node.tagName === "SPAN") return [font(node, children)];
  return MARKUP[node.tagName] ? [h(MARKUP[node.tagName], {}, children)] : children;
}

function font(node, children) {
  const style = {};
  const shade = colour(node.getAttribute("color"));
  const size = Number.parseInt(node.getAttribute("size") ?? "", 10);
  if (shade) style.color = shade;
  if (size >= 8 && size <= 40) style["font-size"] = `${size}px`;
  return h("span", { style }, children);
}

// Viber's marks work when nothing but a space or a sign stands outside them and no space inside.
const MARKS = /(?<![\p{L}\p{N}*_~`])(?:```(?=\S)([^`]+?)(?<=\S)```|([*_~])(?=\S)((?:(?!\2)[^\n])+?)(?<=\S)\2)(?![\p{L}\p{N}])/gu;
const MARK_TAGS = { "*": "strong", _: "em", "~": "s" };

/** Words of a Viber message: *bold*, _italic_, ~struck~, ```code```, and addresses. */
export function fromMarks(text) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(MARKS)) {
    nodes.push(...linkify(text.slice(at, match.index)));
    nodes.push(match[1] ? h("code", {}, match[1]) : h(MARK_TAGS[match[2]], {}, fromMarks(match[3])));
    at = match.index + match[0].length;
  }
  return [...nodes, ...linkify(text.slice(at))];
}

export function linkify(text) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(WEB)) {
    nodes.push(text.slice(at, match.index), link(match[0], match[0]));
    at = match.index + match[0].length;
  }
  nodes.push(text.slice(at));
  return nodes.filter((node) => node !== "");
}

export function plain(markup) {
  const parsed = new DOMParser().parseFromString(String(markup ?? "").replace(/<br\s*\/?>/gi, " "), "text/html");
  return parsed.body.textContent.replace(/\s+/g, " ").trim();
}
