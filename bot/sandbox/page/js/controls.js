// The demo operator's desk: each lever that the server describes becomes a small form; the demo's clock stands above.

import { post } from "./api.js";
import { h, icon, replace } from "./dom.js";
import { clockTime, fullDate, said, t } from "./i18n.js";
import { attempt } from "./overlay.js";
import { now } from "./store.js";

export function createControls() {
  const hours = h("b", {});
  const day = h("span", {});
  const clock = h("div", { class: "demo-clock", "data-testid": "clock", title: t("clock") }, icon("clock", 22), hours, day);
  const list = h("div", { class: "groups" });
  const node = h("section", { class: "card-panel panel-controls", "data-panel": "controls", "data-testid": "controls", "aria-label": t("controls") },
    h("h2", {}, icon("sliders", 20), t("controls")), clock, list);
  const values = new Map();
  let drawn = null;

  function update(state) {
    const controls = state.controls ?? [];
    const mark = JSON.stringify(controls);
    if (mark === drawn) return;
    drawn = mark;
    const groups = Map.groupBy ? Map.groupBy(controls, (one) => said(one.group)) : grouped(controls);
    replace(list, controls.length ? [...groups].map(([name, members]) => h("fieldset", { class: "group" }, h("legend", {}, name),
      members.map((one) => lever(one, values)))) : h("p", { class: "nothing" }, t("noControls")));
  }

  function tick() {
    const moment = now();
    hours.textContent = clockTime(moment);
    day.textContent = fullDate(moment);
  }

  return { node, update, tick };
}

function grouped(controls) {
  const groups = new Map();
  for (const one of controls) groups.set(said(one.group), [...(groups.get(said(one.group)) ?? []), one]);
  return groups;
}

function lever(control, values) {
  if (control.link) {
    return h("div", { class: "lever", "data-testid": `control-${control.name}` },
      h("a", { class: "go wide door", href: control.link, target: "_blank", rel: "noopener", "data-testid": `link-${control.name}` }, said(control.label)),
      h("p", { class: "said" }, said(control.note)));
  }
  if (control.note) return h("p", { class: "nothing", "data-testid": `control-${control.name}` }, said(control.note));
  const label = said(control.label);
  const answered = h("p", { class: "said", role: "status", hidden: true });
  const fields = (control.params ?? []).map((param) => field(control, param, values));
  const button = h("button", { type: "submit", class: fields.length ? "go" : "go wide", "data-testid": `run-${control.name}` },
    fields.length ? t("run") : label);
  const form = h("form", { class: "lever", "data-testid": `control-${control.name}`, "aria-label": label },
    fields.length ? h("div", { class: "lever-title" }, label) : null,
    h("div", { class: "lever-line" }, fields.map((one) => one.node), button), answered);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    const body = Object.fromEntries(fields.map((one) => [one.name, one.read()]));
    const answer = await attempt(() => post(`/control/${encodeURIComponent(control.name)}`, body));
    button.disabled = false;
    answered.hidden = answer === null;
    answered.textContent = said(answer?.message) || t("done");
  });
  return form;
}

function field(control, param, values) {
  const key = `${control.name}.${param.name}`;
  const start = values.has(key) ? values.get(key) : param.default;
  const input = element(param, start);
  const read = () => {
    if (param.kind === "flag") return input.checked;
    return param.kind === "number" && input.value !== "" ? Number(input.value) : input.value;
  };
  input.addEventListener("input", () => values.set(key, read()));
  const node = h("label", { class: `lever-field kind-${param.kind}` }, h("span", {}, said(param.label)), input);
  return { name: param.name, node, read };
}

function element(param, start) {
  const shared = { name: param.name, "data-testid": `param-${param.name}` };
  if (param.kind === "choice") {
    const select = h("select", shared, (param.choices ?? []).map((one) => h("option", { value: one.value }, said(one.label))));
    if (start !== undefined && start !== null) select.value = String(start);
    return select;
  }
  if (param.kind === "flag") {
    const box = h("input", { ...shared, type: "checkbox" });
    box.checked = Boolean(start);
    return box;
  }
  return h("input", { ...shared, type: param.kind === "number" ? "number" : "text", step: "any", value: start ?? "", autocomplete: "off" });
}
