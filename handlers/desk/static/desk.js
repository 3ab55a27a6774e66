// The desk's keys, windows and live connection. Pages work without it; with it they are quicker.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const typing = (at) => at && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName));

  // -- windows, questions, lists of chosen files ---------------------------------------------------------------------

  function open(id) {
    const dialog = document.getElementById(id);
    if (!dialog || dialog.open) return;
    dialog.showModal();
    const first = $("textarea, input:not([type=hidden]), select", dialog);
    if (first) first.focus();
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) { event.preventDefault(); open(opener.dataset.open); return; }
    if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
    if (event.target.tagName === "DIALOG") event.target.close(); // a press beside the window
    const tab = event.target.closest("[data-mode]");
    if (tab) mode(tab.dataset.mode);
    const row = event.target.closest("[data-row]");
    if (row && !event.target.closest("a, button, input, label")) follow(row);
  });

  document.addEventListener("submit", (event) => {
    const sure = event.submitter && event.submitter.dataset.sure;
    if (sure && !window.confirm(sure)) { event.preventDefault(); return; }
    if (event.target.dataset.once !== undefined) {
      // A second press while the first is under way would send the words twice.
      if (event.target.dataset.sending) { event.preventDefault(); return; }
      event.target.dataset.sending = "1";
    }
  });

  window.addEventListener("pageshow", () => all("[data-sending]").forEach((form) => delete form.dataset.sending));

  document.addEventListener("change", (event) => {
    if (event.target.dataset.submit !== undefined) event.target.form.requestSubmit();
    if (event.target.type === "file") {
      const shown = $("[data-files]", event.target.form);
      if (shown) shown.textContent = [...event.target.files].map((file) => file.name).join(", ");
    }
  });

  // The address says what is looked for: it can be opened again, and sent to a colleague.
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form || form.id !== "filters") return;
    const asked = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    window.history.replaceState(null, "", `${form.action}${asked.size ? `?${asked}` : ""}`);
  });

  // -- the composer --------------------------------------------------------------------------------------------------

  const composer = () => $("#composer");

  function mode(name, focus = true) {
    const form = composer();
    if (!form) return;
    form.dataset.as = name;
    $("[name=as]", form).value = name;
    all("[data-mode]", form).forEach((tab) => tab.setAttribute("aria-pressed", tab.dataset.mode === name));
    const area = $("textarea", form);
    area.placeholder = name === "note" ? area.dataset.note : area.dataset.reply;
    all("[data-for]", form).forEach((part) => { part.hidden = part.dataset.for !== name; });
    if (focus) { area.focus(); area.scrollIntoView({ block: "nearest" }); }
  }

  function grow(area) {
    area.style.height = "auto";
    area.style.height = Math.min(area.scrollHeight + 2, window.innerHeight / 2) + "px";
  }

  document.addEventListener("input", (event) => {
    if (event.target.closest("#composer") && event.target.tagName === "TEXTAREA") {
      grow(event.target);
      const state = $("#presence [name=writing]");
      const now = event.target.value.trim() ? "yes" : "no";
      if (state && state.value !== now) { state.value = now; document.body.dispatchEvent(new Event("desk-writing")); }
    }
  });

  document.addEventListener("change", (event) => {
    if (event.target.id !== "ready-answer" || !event.target.value) return;
    const area = $("textarea", composer());
    const text = event.target.selectedOptions[0].dataset.text;
    area.value = area.value.trim() ? area.value.trimEnd() + "\n\n" + text : text;
    event.target.value = "";
    grow(area);
    area.focus();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // -- keys ----------------------------------------------------------------------------------------------------------

  const rows = () => all("[data-row]");
  const marked = () => $("[data-row][data-marked]");

  function mark(step) {
    const list = rows();
    if (!list.length) return;
    const now = list.indexOf(marked());
    const next = list[Math.max(0, Math.min(list.length - 1, now < 0 ? (step > 0 ? 0 : list.length - 1) : now + step))];
    list.forEach((row) => delete row.dataset.marked);
    next.dataset.marked = "";
    next.scrollIntoView({ block: "nearest" });
    const link = $("a", next);
    if (link) link.focus({ preventScroll: true });
  }

  function follow(row) {
    const link = row && (row.matches("a") ? row : $("a", row));
    if (link) link.click();
  }

  const press = (selector) => { const found = $(selector); if (found) found.click(); return Boolean(found); };

  const KEYS = {
    j: () => mark(1),
    k: () => mark(-1),
    u: () => { window.location.href = "/desk"; },
    "/": () => { const field = $("[data-search]"); if (field) { field.focus(); field.select(); } else window.location.href = "/desk?search"; },
    r: () => mode("reply"),
    n: () => mode("note"),
    a: () => press("[data-key=a]"),
    e: () => open($("#approve") ? "approve" : "resolve"),
    "?": () => open("keys"),
  };
  // The same keys under a Russian layout.
  const RUSSIAN = { о: "j", л: "k", г: "u", к: "r", т: "n", ф: "a", у: "e" };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target.form) {
      event.preventDefault();
      event.target.form.requestSubmit();
      return;
    }
    if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
    if (event.key === "Enter" && marked() && !event.target.closest("a, button")) { follow(marked()); return; }
    let key = event.key.toLowerCase();
    if (/[а-яё]/.test(key)) key = RUSSIAN[key] || key;
    if (!KEYS[key] && event.code === "Slash") key = event.shiftKey ? "?" : "/"; // another layout has other signs there
    if (KEYS[key]) { event.preventDefault(); KEYS[key](); }
  });

  // -- live: the server says what has changed, and the parts of the page that care fetch themselves anew ---------------

  // A tab that nobody looks at holds no stream: a browser has six connections to a host, and people have many tabs.
  let source = null;

  function listen() {
    const address = document.body.dataset.live;
    if (source || document.hidden || !address || !window.EventSource) return;
    source = new EventSource(address);
    for (const name of ["inbox", "thread"]) {
      source.addEventListener(name, () => document.body.dispatchEvent(new Event("desk-" + name)));
    }
    source.addEventListener("bye", () => { deafen(); window.location.reload(); });
  }

  function deafen() {
    if (source) source.close();
    source = null;
  }

  document.addEventListener("visibilitychange", () => { if (document.hidden) deafen(); else listen(); });
  window.addEventListener("pagehide", deafen);

  // What came while nothing was being written has been seen; whoever is writing is asked before it is sent.
  function followThread() {
    const work = $("#work");
    if (!work) return;
    new MutationObserver(() => {
      all("[data-seen]").forEach((field) => {
        const text = $("textarea", field.form);
        if (text && !text.value.trim()) field.value = $("#work").dataset.seenNow;
      });
      const last = $("#thread").lastElementChild;
      const near = document.documentElement.scrollHeight - window.scrollY - window.innerHeight < 500;
      if (last && near) last.scrollIntoView({ block: "end", behavior: "smooth" });
    }).observe(work.parentElement, { subtree: true, attributeFilter: ["data-seen-now"] });
  }

  function settle() {
    followThread();
    const form = composer();
    if (form) mode($("[name=as]", form).value || "reply", false);
    const thread = $("#thread");
    if (thread && thread.lastElementChild) thread.lastElementChild.scrollIntoView({ block: "end" });
    if (new URLSearchParams(window.location.search).has("search")) KEYS["/"]();
    const rail = $(".rail"), current = $(".rail [aria-current]"); // on a phone the rail is longer than the screen
    if (current && rail.scrollWidth > rail.clientWidth) rail.scrollLeft = current.offsetLeft - rail.clientWidth / 2;
    all("dialog[data-shown]").forEach((dialog) => dialog.showModal());
    listen();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", settle);
  else settle();
  window.addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
})();
