// Builds DOM nodes from plain values, so that no text is ever parsed as markup.

const SVG = "http://www.w3.org/2000/svg";

/** Creates an element; `on` holds listeners, null and false attributes are left out. */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (name === "style") {
      for (const [key, rule] of Object.entries(value)) node.style.setProperty(key, rule);
    } else if (name === "value") {
      node.value = value;
    } else {
      node.setAttribute(name === "class" ? "class" : name, value === true ? "" : String(value));
    }
  }
  append(node, children);
  return node;
}

export function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

export function replace(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

// Line icons on a 24 by 24 grid; a leading "#" marks a filled shape.
const ICONS = {
  back: ["M20 12H5", "M11 6l-6 6 6 6"],
  more: ["#M12 7a1.8 1.8 0 1 0 0-3.6A1.8 1.8 0 0 0 12 7z", "#M12 13.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z",
    "#M12 20.6a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z"],
  clip: ["M20 11.5l-8.2 8.2a5.2 5.2 0 0 1-7.4-7.4l8.6-8.6a3.5 3.5 0 0 1 5 5l-8.6 8.5a1.8 1.8 0 0 1-2.5-2.5l7.8-7.8"],
  send: ["#M2.6 20.4 22 12 2.6 3.6 2.6 10l13 2-13 2z"],
  mic: ["#M12 15a3.4 3.4 0 0 0 3.4-3.4V5.9a3.4 3.4 0 0 0-6.8 0v5.7A3.4 3.4 0 0 0 12 15z", "M5.6 11.4a6.4 6.4 0 0 0 12.8 0",
    "M12 17.8V21"],
  menu: ["M4 7h16", "M4 12h16", "M4 17h16"],
  keyboard: ["M3.5 6.5h17v11h-17z", "M7 10h.01", "M10.4 10h.01", "M13.7 10h.01", "M17 10h.01", "M8 14h8"],
  down: ["M6 9.5l6 6 6-6"],
  close: ["M6 6l12 12", "M18 6 6 18"],
  photo: ["M4 5h16v14H4z", "M4 16.5l4.7-4.7 4.2 4.2 2.6-2.6 4.5 4.5", "M15.4 9.3h.01"],
  file: ["M13.5 3H6v18h12V7.5z", "M13.5 3v4.5H18"],
  person: ["M12 11.5a3.8 3.8 0 1 0 0-7.6 3.8 3.8 0 0 0 0 7.6z", "M4.5 20.2c.7-3.6 3.7-5.6 7.5-5.6s6.8 2 7.5 5.6"],
  people: ["M9.5 11a3.3 3.3 0 1 0 0-6.6 3.3 3.3 0 0 0 0 6.6z", "M3 19.4c.6-3.2 3.2-5 6.5-5s5.9 1.8 6.5 5",
    "M15.6 4.8a3.2 3.2 0 0 1 0 5.9", "M17.9 14.8c1.7.8 2.8 2.4 3.2 4.6"],
  sticker: ["M20 13V7a3 3 0 0 0-3-3H7a3 3 0 0 0-3 3v10a3 3 0 0 0 3 3h6z", "M20 13h-4a3 3 0 0 0-3 3v4", "M9 10h.01", "M15 10h.01"],
  plus: ["M12 5v14", "M5 12h14"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  edit: ["M4 20l1-4.5L16 4.5l3.5 3.5L8.5 19z"],
  link: ["M8 16 16 8", "M9 8h7v7"],
  lock: ["M6 11h12v9H6z", "M9 11V8a3 3 0 0 1 6 0v3"],
  reply: ["M10 8V4L3 11l7 7v-4c5 0 8.5 1.6 11 5-1-5-4-10-11-11z"],
  copy: ["M9 9h11v11H9z", "M5 15H4V4h11v1"],
  play: ["#M8 5.2v13.6L19 12z"],
  info: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M12 11v5.5", "M12 7.6h.01"],
  phone: ["M6.5 3.5l3 .5 1.2 4-2 1.7a12 12 0 0 0 5.6 5.6l1.7-2 4 1.2.5 3c.2 1.5-1 2.7-2.5 2.7A14.7 14.7 0 0 1 3.8 6c0-1.5 1.2-2.7 2.7-2.5z"],
  pin: ["M12 21s6.5-6 6.5-11a6.5 6.5 0 0 0-13 0c0 5 6.5 11 6.5 11z", "M12 12.2a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6z"],
  block: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M5.8 5.8l12.4 12.4"],
  bell: ["M18 16V11a6 6 0 0 0-12 0v5l-1.5 2.5h15z", "M10 21h4"],
  sms: ["M4 5h16v11.5H10L6 20v-3.5H4z", "M8 10.7h.01", "M12 10.7h.01", "M16 10.7h.01"],
  mail: ["M3.5 6h17v12.5h-17z", "M4 6.5l8 6.5 8-6.5"],
  sliders: ["M4 7h9", "M18 7h2", "M4 17h2", "M11 17h9", "M15.5 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
    "M8.5 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z"],
  clock: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M12 7.5V12l3 2"],
};

export function icon(name, size = 24) {
  return drawing(ICONS[name] ?? [], { width: size, height: size, viewBox: "0 0 24 24", class: `icon icon-${name}` });
}

/** An inline SVG of the given paths; hidden from assistive technology. */
export function drawing(paths, attributes) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ "aria-hidden": "true", focusable: "false", ...attributes })) {
    svg.setAttribute(name, String(value));
  }
  for (const shape of paths) {
    const path = document.createElementNS(SVG, "path");
    const filled = shape.startsWith("#");
    path.setAttribute("d", filled ? shape.slice(1) : shape);
    if (filled) {
      path.setAttribute("fill", "currentColor");
    } else {
      for (const [name, value] of [["fill", "none"], ["stroke", "currentColor"], ["stroke-width", "1.9"],
        ["stroke-linecap", "round"], ["stroke-linejoin", "round"]]) path.setAttribute(name, value);
    }
    svg.append(path);
  }
  return svg;
}

/** One tick for sent, two for delivered and seen. */
export function ticks(status, telegram) {
  const twice = status === "seen" || (status === "delivered" && !telegram);
  const paths = twice ? ["M1 6.5l3.3 3.3L11 2.7", "M7.6 9.4l.5.4L15.3 2.7"] : ["M3 6.5l3.5 3.5L14 2.5"];
  return drawing(paths, { viewBox: "0 0 17 12", width: 17, height: 12, class: `ticks ticks-${status ?? "sent"}` });
}
