// The list of messages of one chat: keeps what has not changed, and follows the newest unless the reader has scrolled up.

import { h, icon } from "./dom.js";
import { dayKey, dayName, language, t } from "./i18n.js";
import { now } from "./store.js";

const NEAR = 48;
const TOGETHER = 5 * 60 * 1000;

/** `draw(message, place)` makes a message's node; place is {first, last} within a run of one sender. */
export function createLog(draw) {
  const list = h("div", { class: "log-list" });
  const scroller = h("div", { class: "log", "data-testid": "messages", role: "log", tabindex: "0", "aria-live": "polite",
    "aria-label": t("messages") }, list);
  const count = h("span", { class: "down-count", hidden: true });
  const down = h("button", { type: "button", class: "down", "aria-label": t("newest"), hidden: true,
    on: { click: () => settle(true) } }, count, icon("down", 24));
  const node = h("div", { class: "log-box" }, scroller, down);
  let known = new Map();
  let chat = null;
  let stuck = true;
  let unread = 0;
  let lastTop = 0;

  function settle(smooth = false) {
    stuck = true;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    scroller.scrollTo({ top: scroller.scrollHeight, behavior: smooth && !calm ? "smooth" : "instant" });
    mark(0);
  }

  function mark(number) {
    unread = number;
    count.textContent = String(number);
    count.hidden = number === 0;
    down.hidden = stuck;
  }

  scroller.addEventListener("scroll", () => {
    // Only a move upwards is the reader's wish: a late scroll event after a picture has grown the list is not.
    if (scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR) stuck = true;
    else if (scroller.scrollTop < lastTop - 1) stuck = false;
    lastTop = scroller.scrollTop;
    mark(stuck ? 0 : unread);
  }, { passive: true });

  // A picture that loads late, or a keyboard that opens, must not hide the newest message.
  const watch = new ResizeObserver(() => { if (stuck) scroller.scrollTop = scroller.scrollHeight; });
  watch.observe(list);
  watch.observe(scroller);

  function update(key, messages) {
    const changed = key !== chat;
    if (changed) known = new Map();
    chat = key;
    const rows = plan(messages);
    const next = new Map();
    let fresh = 0;
    let mine = false;
    const nodes = rows.map((row) => {
      const old = known.get(row.key);
      if (!old && row.message && !changed) {
        fresh += 1;
        mine = mine || row.message.from === "me";
      }
      const kept = old?.mark === row.mark ? old.node : make(row, Boolean(old) || changed);
      next.set(row.key, { mark: row.mark, node: kept });
      return kept;
    });
    reconcile(list, nodes);
    known = next;
    if (changed || mine || stuck) settle();
    else mark(unread + fresh);
  }

  function make(row, known_) {
    const made = row.message ? draw(row.message, row) : h("div", { class: "day" }, h("span", {}, row.day));
    if (!known_) made.classList.add("arriving");
    return made;
  }

  return { node, update, settle };
}

function plan(messages) {
  const rows = [];
  messages.forEach((message, at) => {
    const before = messages[at - 1];
    const after = messages[at + 1];
    if (!before || dayKey(before.at) !== dayKey(message.at)) {
      const day = dayName(message.at, now());
      rows.push({ key: `day-${dayKey(message.at)}`, mark: day, day });
    }
    const row = { key: `message-${message.id}`, message, first: !joined(before, message), last: !joined(message, after) };
    row.mark = JSON.stringify([message, row.first, row.last, language()]);
    rows.push(row);
  });
  return rows;
}

function joined(one, other) {
  if (!one || !other || one.from !== other.from || one.from === "system") return false;
  return dayKey(one.at) === dayKey(other.at) && new Date(other.at) - new Date(one.at) < TOGETHER;
}

/** Makes `parent` hold exactly `nodes`, moving as little as it can, so that focus and scrolling survive. */
function reconcile(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, at) => {
    if (parent.children[at] !== node) parent.insertBefore(node, parent.children[at] ?? null);
  });
}
