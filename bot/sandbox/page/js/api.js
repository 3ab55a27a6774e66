// Talks to the sandbox's server: commands go out by POST, states come in by events or, failing that, by polling.

import { said } from "./i18n.js";
import { setConnected, setState } from "./store.js";

const BASE = "/api";
const POLL_EVERY = 1500;
const RETRY_EVENTS = 5000;

/** A refusal with a sentence for the reader; an empty message means that nobody answered. */
export class Refused extends Error {}

async function request(path, options) {
  let response;
  try {
    response = await fetch(BASE + path, options);
  } catch {
    throw new Refused("");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(said(answer.error) || `${response.status} ${response.statusText}`);
  return answer;
}

export async function post(path, body = {}) {
  const answer = await request(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!streaming) await refresh();
  return answer;
}

export async function upload(path, files, fields = {}) {
  const form = new FormData();
  for (const file of files) form.append("file", file, file.name);
  for (const [name, value] of Object.entries(fields)) if (value) form.append(name, value);
  const answer = await request(path, { method: "POST", body: form });
  if (!streaming) await refresh();
  return answer;
}

export const act = (messenger, person, verb, body) => post(`/${messenger}/${encodeURIComponent(person)}/${verb}`, body);

export const send = (messenger, person, verb, files, fields) =>
  upload(`/${messenger}/${encodeURIComponent(person)}/${verb}`, files, fields);

let streaming = false;
let polling = null;
let version = -1;

async function refresh() {
  try {
    const state = await request("/state");
    setConnected(true);
    setState(state);
  } catch {
    setConnected(false);
  }
}

/** Starts listening; never returns an error, keeps trying for as long as the page lives. */
export async function listen() {
  await refresh();
  openStream();
}

function openStream() {
  if (!("EventSource" in window)) {
    startPolling();
    return;
  }
  const stream = new EventSource(`${BASE}/events`);
  version = -1;
  stream.addEventListener("open", () => {
    streaming = true;
    version = -1;
    stopPolling();
    setConnected(true);
  });
  stream.addEventListener("change", (event) => {
    const change = JSON.parse(event.data);
    if (change.v <= version) return;
    version = change.v;
    setState(change.state);
  });
  stream.addEventListener("error", () => {
    streaming = false;
    version = -1;
    startPolling();
    if (stream.readyState === EventSource.CLOSED) {
      setTimeout(openStream, RETRY_EVENTS);
    }
  });
}

function startPolling() {
  if (polling !== null) return;
  polling = setInterval(refresh, POLL_EVERY);
  void refresh();
}

function stopPolling() {
  clearInterval(polling);
  polling = null;
}
