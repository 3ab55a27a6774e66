// The staff's group: a list of topics, and one of them open, where a member of staff writes.

import { act, send } from "./api.js";
import { bubble } from "./bubble.js";
import { createComposer } from "./composer.js";
import { h, icon, replace } from "./dom.js";
import { clockTime, t } from "./i18n.js";
import { createLog } from "./messages.js";
import { attempt, copy, menu } from "./overlay.js";
import { withActions } from "./phone.js";
import { fileItems } from "./samples.js";
import { recall, remember } from "./store.js";

const COMMANDS = ["/note ", "/ask ", "/take", "/resolve ", "/reject ", "/help"];

export function createForum() {
  let forum = null;
  let writer = recall("forum-writer") ?? "";
  let open = null;
  let drawn = "";

  const who = () => forum.members.find((one) => one.id === writer) ?? forum.members[0];
  const run = (verb, body = {}) => attempt(() => act("forum", who().id, verb, { topic: open ?? 0, ...body }));
  const select = h("select", { "data-testid": "forum-writer", "aria-label": t("forumWriter"),
    on: { change: () => { writer = select.value; remember("forum-writer", writer); again(); } } });
  const list = h("div", { class: "topics", "data-testid": "topics", role: "list" });
  const title = h("span", { class: "bar-name" });
  const back = h("button", { type: "button", class: "round", "aria-label": t("back"), "data-testid": "topic-back",
    on: { click: () => { open = null; again(); } } }, icon("back"));
  const more = h("button", { type: "button", class: "round", "aria-label": t("more"), "data-testid": "topic-more", "aria-haspopup": "menu",
    on: { click: () => menu(more, topicMenu(), { label: t("more") }) } }, icon("more"));
  const log = createLog((message, place) => drawMessage(message, place));
  const commands = h("button", { type: "button", class: "round", "aria-label": t("commands"), "data-testid": "forum-commands",
    "aria-haspopup": "menu", on: { click: showCommands } }, icon("menu", 22));
  const composer = createComposer({
    placeholder: t("message"), leading: commands, attachments: () => fileItems({ photo: "photo", document: "document" }, composer.stage).filter(Boolean),
    say: (text, answered) => run("say", answered ? { text, reply_to: answered.id } : { text }),
    give: (verb, files, caption) => attempt(() => send("forum", who().id, verb, files, { caption, topic: open })),
    edit: (message, text) => run("edit", { message_id: message.id, text }),
    speak: () => run("sticker"), speakIcon: "sticker", speakLabel: t("sticker"), speakTestid: "forum-sticker",
  });
  const room = h("div", { class: "room", hidden: true }, h("header", { class: "bar" }, back, h("div", { class: "bar-words" }, title), more),
    h("div", { class: "chat" }, h("div", { class: "wallpaper", "aria-hidden": "true" }), log.node), h("div", { class: "foot" }, composer.node));
  const head = h("h2", {}, icon("people", 20), h("span", { class: "forum-title" }), h("label", { class: "forum-writer" }, icon("person", 16), select));
  const none = h("p", { class: "nothing" }, t("noForum"));
  const node = h("section", { class: "card-panel panel-forum", "data-panel": "forum", "data-testid": "forum", "aria-label": t("tabForum") },
    head, none, h("div", { class: "telegram screen forum-screen" }, list, room));

  const topic = () => forum.topics.find((one) => one.id === open);

  function topicMenu() {
    const closed = topic().closed;
    return [
      { label: t(closed ? "topicReopen" : "topicClose"), icon: closed ? "check" : "block", testid: "topic-close", run: () => run(closed ? "reopen" : "close") },
      { label: t("topicDelete"), icon: "close", danger: true, testid: "topic-delete", run: () => run("delete") },
    ];
  }

  function showCommands() {
    menu(commands, COMMANDS.map((one) => ({ label: one.trim(), detail: t(`forum_${one.trim().slice(1)}`), testid: "forum-command",
      run: () => (one.endsWith(" ") ? composer.insert(one) : run("say", { text: one })) })), { label: t("commands"), above: true, wide: true });
  }

  function drawMessage(message, place) {
    const inside = bubble(message, { telegram: true, command: (text) => run("say", { text }) });
    if (message.from === "bot" && message.author) inside.prepend(h("b", { class: "author" }, message.author));
    const own = message.from === "me" && message.text;
    withActions(inside, () => [
      { label: t("reply"), icon: "reply", run: () => composer.reply(message) },
      own ? { label: t("edit"), icon: "edit", testid: "message-edit", run: () => composer.edit(message) } : null,
      message.text ? { label: t("copyText"), icon: "copy", run: () => copy(message.text) } : null,
    ].filter(Boolean));
    if (message.reaction) inside.append(h("span", { class: "reaction", "data-testid": "reaction" }, message.reaction));
    return h("div", { class: `row ${message.from}${place.first ? " first" : ""}${place.last ? " last" : ""}`, "data-testid": "message",
      "data-from": message.from, "data-id": message.id }, h("div", { class: "stack" }, inside));
  }

  function drawTopic(one) {
    const last = one.messages.at(-1);
    const words = last ? `${last.author ? `${last.author}: ` : ""}${last.text || (last.picture ? t("picture") : last.document?.name ?? "…")}` : "";
    return h("button", { type: "button", class: "topic", role: "listitem", "data-testid": "topic", "data-id": one.id, on: { click: () => { open = one.id; again(); } } },
      h("span", { class: "topic-icon", style: one.color ? { "background-color": one.color } : {} }, (one.id && /\d+/.exec(one.name)?.[0]) || "#"),
      h("span", { class: "topic-words" }, h("b", {}, one.name), h("small", {}, words)),
      h("small", { class: "topic-side" }, last ? clockTime(last.at) : "", one.closed ? icon("lock", 14) : null));
  }

  function update(state) {
    forum = state.forum;
    none.hidden = Boolean(forum);
    list.hidden = !forum || open !== null;
    if (!forum) { room.hidden = true; return 0; }
    head.querySelector(".forum-title").textContent = forum.title;
    const me = who()?.id;
    const mark = JSON.stringify([forum.topics.map((one) => [one.id, one.name, one.closed, one.messages.at(-1)]), forum.members]);
    if (mark !== drawn) {
      drawn = mark;
      replace(select, forum.members.map((one) => h("option", { value: one.id }, one.name)));
      const newest = (one) => one.messages.at(-1)?.at ?? "";
      const [general, ...others] = forum.topics;
      replace(list, [general, ...others.sort((a, b) => newest(b).localeCompare(newest(a)))].map(drawTopic));
    }
    if (me) select.value = me;
    if (open !== null && !topic()) open = null;
    list.hidden = open !== null;
    room.hidden = open === null;
    if (open !== null) {
      title.textContent = topic().name;
      more.hidden = open === 0;
      log.update(`${me}-${open}`, topic().messages.map((one) => ({ ...one, from: one.author_id === me ? "me" : "bot" })));
      composer.show(`forum-${me}-${open}`);
      composer.settle();
    }
    return forum.topics.reduce((sum, one) => sum + one.messages.length, 0);
  }

  let latest = null;
  const again = () => { if (latest) update(latest); };
  return { node, update: (state) => { latest = state; return update(state); }, settle: again };
}
