// What every page with a kernel does: say what happened, and notice when the server is gone.

import { host } from "./host.js";

const status = document.getElementById("phb-status");
const draft = document.getElementById("phb-draft");
const trouble = document.getElementById("phb-trouble");
const PATIENCE_MS = 25_000;
const LOOKING_MS = 20_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000; // also how long a page has to last before it counts as open
const OPENED_AGAIN = "phb:opened-again";
let lastSaved = "";
let ready = "Ready";

/** @param {string} text @param {"note" | "saved" | "trouble"} kind */
export function say(text, kind) {
  draft.textContent = "";
  status.textContent = text;
  status.dataset.kind = kind;
}

let drawn = false;

/** Everything is drawn: the page is ready once its line to the kernel is open, too. */
export function setReady() {
  drawn = true;
  settle();
}

function settle() {
  if (!drawn || host.state !== "connected" || document.body.dataset.ready) return;
  document.body.dataset.ready = "true";
  say(ready, "note");
}

/** @param {boolean} canOpen whether opening the page again may help: not while it connects by itself */
function showTrouble(text, canOpen = false) {
  const line = document.createElement("p");
  line.textContent = text;
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = "Open the page again";
  again.addEventListener("click", () => openAgain());
  trouble.replaceChildren(line, ...(canOpen ? [again] : []));
  trouble.hidden = false;
}

/** Whether the server answers; a proxy that cannot reach it says so with 502 to 504. */
export async function answers() {
  try {
    const options = { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(LOOKING_MS) };
    return (await fetch(import.meta.url, options)).status < 500;
  } catch {
    return false;
  }
}

/** How often in a row this tab has opened the page again; 0 where the browser keeps nothing. */
function timesOpened(count) {
  try {
    if (count !== undefined) sessionStorage.setItem(OPENED_AGAIN, count);
    return Number(sessionStorage.getItem(OPENED_AGAIN));
  } catch {
    return 0;
  }
}

/** Open the page again, but never into a browser's own page that says there is no network. */
async function openAgain() {
  if (!(await answers())) return false;
  timesOpened(timesOpened() + 1);
  document.dispatchEvent(new CustomEvent("phb:leaving"));
  location.reload();
  return true;
}

/** Open a lost page again as soon as the server answers and somebody looks: each try after a longer pause. */
function openWhenItCan(tries = timesOpened()) {
  const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries) * (0.5 + Math.random() / 2);
  setTimeout(async () => {
    if (document.hidden) document.addEventListener("visibilitychange", () => openWhenItCan(0), { once: true });
    else if (!(await openAgain())) openWhenItCan(tries + 1);
  }, pause);
}

const kept = () => (lastSaved ? `Your answers up to ${lastSaved} are saved.` : "Nothing you saved is lost.");

/** Tell everybody on the page how the connection fares; "lost" is for good. */
function tellConnection(state) {
  document.body.dataset.connection = state;
  document.dispatchEvent(new CustomEvent("phb:connection", { detail: { state } }));
}

/** Watch what carries the messages: it connects again by itself for as long as there is hope. */
function watchHost() {
  let lost = false;
  host.on("connection", (state) => {
    if (lost) return;
    tellConnection(state === "connected" ? "connected" : "connecting");
    settle();
  });
  for (const event of ["offline", "online"]) window.addEventListener(event, () => host.reconnect());
  host.on("lost", () => {
    lost = true;
    tellConnection("lost");
  });
}

/** Say that a part of the page is not there, if that is so; it stays so whatever the network does. */
function sayWhatFailed() {
  const failed = document.querySelector(".phb-failed");
  if (failed) say("Part of this page could not be made", "trouble");
  return failed;
}

/** @param {string} typed what becomes of what is typed and not saved when the page is opened again */
function showConnection(typed) {
  document.addEventListener("phb:connection", ({ detail: { state } }) => {
    if (state === "connected") {
      trouble.hidden = true;
      if (status.dataset.kind === "trouble" && !sayWhatFailed()) say("Connected again", "note");
      return;
    }
    say("Disconnected", "trouble");
    if (state !== "lost") {
      return showTrouble(`Disconnected. ${kept()} This page connects again by itself, and then sends what waits.`);
    }
    showTrouble(`This page has lost its session. ${kept()} ${typed} It opens again by itself.`, true);
    if (!document.querySelector(".phb-failed")) openWhenItCan();
  });
}

/**
 * @param {string} what the page opens: named when it does not open
 * @param {string} typed what becomes of what is typed and not saved when the page is opened again
 */
export function watchServer(what, typed) {
  document.addEventListener("phb:status", ({ detail }) => say(detail.text, detail.kind));
  for (const name of ["phb:draft", "phb:saved"]) {
    document.addEventListener(name, ({ detail }) => {
      lastSaved = detail.at;
    });
  }
  document.addEventListener("phb:silent", () => {
    if (document.body.dataset.connection === "lost") return;
    host.reconnect();
    showTrouble(`The server does not answer. ${kept()} This page keeps trying.`);
  });
  document.addEventListener("phb:restored", () => {
    ready = "What you had typed is back on this page. It is not saved yet.";
    if (document.body.dataset.ready) say(ready, "note");
  });
  host.on("placed", sayWhatFailed);
  host.on("trouble", (told) => {
    say("Not ready", "trouble");
    showTrouble(told);
  });
  setTimeout(() => {
    if (document.body.dataset.ready || document.querySelector(".phb-failed")) return;
    say("Not ready", "trouble");
    showTrouble(`The ${what} has not opened. ${host.hindrance}`, true);
  }, PATIENCE_MS);
  setTimeout(() => timesOpened(0), LONGEST_PAUSE_MS);
  showConnection(typed);
  watchHost();
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => host.begin());
  else host.begin();
}

/** Whoever leaves something unsent is asked first. */
window.addEventListener("beforeunload", (event) => {
  const asking = new CustomEvent("phb:leave", { cancelable: true });
  if (!document.dispatchEvent(asking)) event.preventDefault();
});

/** Print what is folded away, too. */
export function unfoldForPrint() {
  const closed = new Set();
  window.addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("main details:not([open])")) closed.add(part);
    for (const part of closed) part.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const part of closed) part.open = false;
    closed.clear();
  });
}
