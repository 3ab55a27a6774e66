// Chooses who holds a phone, and brings new people into the demonstration.

import { post } from "./api.js";
import { h, icon, replace } from "./dom.js";
import { language, said, t } from "./i18n.js";
import { ask, attempt } from "./overlay.js";
import { chooseHolder, store } from "./store.js";

export function createPicker(messenger) {
  const select = h("select", { "data-testid": "person-picker", "aria-label": t("person"),
    on: { change: () => chooseHolder(messenger, select.value) } });
  const note = h("small", { class: "picker-note", "data-testid": "person-phone" });
  const add = h("button", { type: "button", class: "picker-add", "data-testid": "person-add", "aria-label": t("addPerson"),
    title: t("addPerson"), on: { click: () => addPerson(messenger) } }, icon("plus", 20));
  const node = h("div", { class: "picker" }, h("span", { class: `picker-brand ${messenger}` }, t(messenger === "telegram" ? "tabTelegram" : "tabViber")),
    h("label", {}, icon("person", 18), h("span", { class: "picker-words" }, select, note)), add);
  let drawn = "";

  return {
    node,
    update(people, holder) {
      const mark = JSON.stringify(people.map((person) => [person.id, person.name, person.phone, person.language, person.note]));
      if (mark !== drawn) {
        drawn = mark;
        replace(select, people.map((person) => h("option", { value: person.id }, describe(person))));
      }
      if (holder) select.value = holder.id;
      note.textContent = holder ? `${spaced(holder.phone)} · ${holder.language}` : "";
    },
  };
}

const describe = (person) => [person.name, said(person.note)].filter(Boolean).join(": ");

/** A Russian number with its usual spaces; any other as it is. */
export function spaced(phone) {
  const parts = /^\+7(\d{3})(\d{3})(\d{2})(\d{2})$/.exec(phone ?? "");
  return parts ? `+7 ${parts[1]} ${parts[2]}-${parts[3]}-${parts[4]}` : phone ?? "";
}

/** A number as people write it, in the form that the server takes: a plus and digits. */
function international(phone) {
  const digits = phone.replace(/\D/g, "");
  return `+${/^8\d{10}$/.test(digits) && !phone.startsWith("+") ? `7${digits.slice(1)}` : digits}`;
}

async function addPerson(messenger) {
  const values = await ask({
    title: t("addPerson"),
    confirm: t("add"),
    fields: [
      { name: "name", label: t("name"), required: true },
      { name: "phone", label: t("phone"), type: "tel", placeholder: "+7 912 345-67-89", required: true },
      { name: "language", label: t("personLanguage"), choices: languages() },
    ],
  });
  if (!values) return;
  const before = new Set(store.state[messenger].people.map((person) => person.id));
  const answer = await attempt(() => post("/people", { messenger, ...values, phone: international(values.phone) }));
  if (!answer) return;
  const id = answer.id ?? store.state[messenger].people.find((person) => !before.has(person.id))?.id;
  if (id) chooseHolder(messenger, id);
}

function languages() {
  const both = [{ value: "ru", label: t("russian") }, { value: "en", label: t("english") }];
  return language() === "ru" ? both : both.reverse();
}
