// Holds the last state of the sandbox, who holds each phone, and unsent drafts.

const listeners = new Set();
const PREFIX = "abonent-sandbox-";
const drafts = new Map();

export const store = {
  state: null,
  /** When the state arrived, in the browser's milliseconds: the demo's clock is counted on from here. */
  arrived: 0,
  connected: true,
};

export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function setState(state) {
  store.state = state;
  store.arrived = Date.now();
  announce();
}

export function setConnected(connected) {
  if (store.connected === connected) return;
  store.connected = connected;
  announce();
}

export function announce() {
  if (!store.state) return;
  for (const listener of [...listeners]) listener(store.state);
}

/** The demo's clock at this moment. */
export function now() {
  const base = new Date(store.state?.clock ?? Date.now()).getTime();
  return new Date(base + (Date.now() - store.arrived));
}

/** The person who holds this messenger's phone, or null when there is nobody. */
export function holder(messenger) {
  const people = store.state?.[messenger]?.people ?? [];
  const chosen = recall(`person-${messenger}`);
  return people.find((person) => person.id === chosen) ?? people[0] ?? null;
}

export function chooseHolder(messenger, id) {
  remember(`person-${messenger}`, id);
  announce();
}

export const draft = (key) => drafts.get(key) ?? "";
export const keepDraft = (key, text) => drafts.set(key, text);

// A browser may forbid storage; the page then merely forgets its settings.
export function recall(key) {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(PREFIX + key, value);
  } catch {
    return;
  }
}
