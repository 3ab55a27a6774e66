// What lies over the page for a moment: menus, small forms, the lightbox and toasts.

import { h, icon, replace } from "./dom.js";
import { t } from "./i18n.js";

let openMenu = null;

/** Opens a menu beside `anchor`; items are {label, detail, icon, danger, run} and null for a line between groups. */
export function menu(anchor, items, { label, above = false, wide = false } = {}) {
  const again = openMenu?.anchor === anchor;
  closeMenu();
  if (again) return;
  const root = anchor.closest(".screen") ?? document.body;
  const node = h("div", { class: `menu${wide ? " menu-wide" : ""}`, role: "menu", "aria-label": label ?? "" },
    items.map((item) => (item ? row(item) : h("hr", {}))));
  root.append(node);
  place(node, anchor, root, above);
  anchor.setAttribute("aria-expanded", "true");
  openMenu = { node, anchor };
  node.addEventListener("keydown", (event) => walk(event, node));
  document.addEventListener("pointerdown", outside, true);
  node.querySelector('[role="menuitem"]')?.focus({ preventScroll: true });
}

function row(item) {
  return h("button", {
    type: "button", role: "menuitem", class: `menu-item${item.danger ? " danger" : ""}`, "data-testid": item.testid,
    "data-label": item.label, on: { click: () => { closeMenu(true); item.run(); } },
  }, item.icon ? icon(item.icon, 22) : null,
  h("span", { class: "menu-words" }, h("span", {}, item.label), item.detail ? h("small", {}, item.detail) : null));
}

function place(node, anchor, root, above) {
  const frame = root.getBoundingClientRect();
  const spot = anchor.getBoundingClientRect();
  const left = Math.min(Math.max(8, spot.left - frame.left), frame.width - node.offsetWidth - 8);
  const below = spot.bottom - frame.top + 6;
  const upwards = above || below + node.offsetHeight > frame.height - 8;
  const top = upwards ? spot.top - frame.top - node.offsetHeight - 8 : below;
  node.style.left = `${Math.max(8, left)}px`;
  node.style.top = `${Math.max(8, top)}px`;
}

function walk(event, node) {
  const items = [...node.querySelectorAll('[role="menuitem"]')];
  const at = items.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) items[(at + step + items.length) % items.length]?.focus();
  else if (event.key === "Home") items[0]?.focus();
  else if (event.key === "End") items.at(-1)?.focus();
  else if (event.key === "Escape" || event.key === "Tab") closeMenu(true);
  else return;
  event.preventDefault();
}

function outside(event) {
  if (openMenu && !openMenu.node.contains(event.target) && !openMenu.anchor.contains(event.target)) closeMenu();
}

export function closeMenu(giveFocusBack = false) {
  if (!openMenu) return;
  const { node, anchor } = openMenu;
  openMenu = null;
  node.remove();
  anchor.setAttribute("aria-expanded", "false");
  document.removeEventListener("pointerdown", outside, true);
  if (giveFocusBack && anchor.isConnected) anchor.focus({ preventScroll: true });
}

/** Asks for a few fields; resolves to their values, or to null when the reader thinks better of it. */
export function ask({ title, note, fields, confirm }) {
  return new Promise((resolve) => {
    const inputs = fields.map((field) => [field.name, control(field)]);
    const form = h("form", { method: "dialog", class: "dialog-form" },
      h("h2", {}, title), note ? h("p", { class: "dialog-note" }, note) : null,
      fields.map((field, at) => h("label", {}, h("span", {}, field.label), inputs[at][1])),
      h("div", { class: "dialog-buttons" },
        h("button", { type: "button", class: "plain", on: { click: () => finish(null) } }, t("cancel")),
        h("button", { type: "submit", class: "primary", "data-testid": "dialog-confirm" }, confirm)));
    const dialog = h("dialog", { class: "dialog", "aria-label": title, on: { cancel: () => finish(null) } }, form);
    const finish = (values) => { dialog.close(); dialog.remove(); resolve(values); };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      finish(Object.fromEntries(inputs.map(([name, input]) => [name, input.value.trim()])));
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

function control(field) {
  const shared = { name: field.name, required: field.required ?? false, "data-testid": `field-${field.name}` };
  if (field.choices) {
    const options = field.choices.map((choice) => h("option", { value: choice.value }, choice.label));
    return h("select", shared, options);
  }
  return h("input", { ...shared, type: field.type ?? "text", placeholder: field.placeholder, value: field.value ?? "", autocomplete: "off" });
}

/** Lets the reader choose files; resolves to none when they think better of it. */
export function chooseFiles(accept) {
  return new Promise((resolve) => {
    const input = h("input", { type: "file", accept, multiple: true, hidden: true, "data-testid": "file-chooser" });
    const finish = (files) => { input.remove(); resolve(files); };
    input.addEventListener("change", () => finish([...input.files]));
    input.addEventListener("cancel", () => finish([]));
    document.body.append(input);
    input.click();
  });
}

export function lightbox(address, words) {
  const dialog = h("dialog", { class: "lightbox", "aria-label": t("picture"), "data-testid": "lightbox" },
    h("button", { type: "button", class: "lightbox-close", "aria-label": t("close") }, icon("close", 28)),
    h("img", { src: address, alt: words || t("picture"), referrerpolicy: "no-referrer" }));
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

let toastTimer = null;

/** A line at the foot of the page; refusals stay longer. */
export function toast(words, kind = "note") {
  const shelf = document.getElementById("toasts");
  const close = h("button", { type: "button", "aria-label": t("close"), on: { click: () => replace(shelf) } }, icon("close", 18));
  replace(shelf, h("div", { class: `toast toast-${kind}`, "data-testid": "toast", "data-kind": kind }, h("span", {}, words), close));
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => replace(shelf), kind === "error" ? 7000 : 2600);
}

/** Runs a command of the page and shows a refusal as a toast; resolves to null then. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    toast(error.message || t("noAnswer"), "error");
    return null;
  }
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(t("copied", { text }));
  } catch {
    // Plain http on another host than the loopback has no clipboard: fall back on the old way.
    const area = h("textarea", { class: "offstage", value: text });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    toast(done ? t("copied", { text }) : t("notCopied"), done ? "note" : "error");
  }
}
