// Says the page's own words, dates and sizes in the language that the reader has chosen.

import { WORDS } from "./words.js";
import { recall, remember } from "./store.js";

let current = recall("language") ?? ((navigator.language || "ru").toLowerCase().startsWith("ru") ? "ru" : "en");
if (!WORDS[current]) current = "ru";

export const language = () => current;

export function setLanguage(next) {
  current = next;
  remember("language", next);
}

export function t(key, values = {}) {
  const phrase = WORDS[current][key] ?? key;
  return phrase.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** What the server says: a string, or the same in several languages. */
export function said(words) {
  if (words === null || typeof words !== "object") return words ?? "";
  return words[current] ?? Object.values(words)[0] ?? "";
}

const locale = () => (current === "ru" ? "ru-RU" : "en-GB");

/** Hours and minutes in the zone of the browser. */
export function clockTime(iso) {
  return format(iso, { hour: "2-digit", minute: "2-digit" });
}

export function shortDate(iso) {
  return format(iso, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}

export function fullDate(date) {
  return format(date, { weekday: "short", day: "numeric", month: "long", year: "numeric" });
}

/** A day as a messenger writes it above its messages; `now` is the demo's clock. */
export function dayName(iso, now) {
  const day = dayKey(iso);
  if (day === dayKey(now)) return t("today");
  if (day === dayKey(new Date(new Date(now).getTime() - 86400000))) return t("yesterday");
  const sameYear = new Date(iso).getFullYear() === new Date(now).getFullYear();
  return format(iso, { day: "numeric", month: "long", year: sameYear ? undefined : "numeric" });
}

export function dayKey(iso) {
  const date = new Date(iso);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

export function fileSize(bytes) {
  if (typeof bytes !== "number") return "";
  if (bytes < 1024) return t("size", { n: bytes, unit: t("b") });
  const large = bytes >= 1048576;
  const number = (bytes / (large ? 1048576 : 1024)).toLocaleString(locale(), { maximumFractionDigits: 1 });
  return t("size", { n: number, unit: t(large ? "mb" : "kb") });
}

function format(value, options) {
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? "" : date.toLocaleString(locale(), options);
}
