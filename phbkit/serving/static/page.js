// What every page with a kernel does: say what happened, and notice when the server is gone.

import { host } from "./host.js";

const status = document.getElementById("phb-status");
const draft = document.getElementById("phb-draft");
const trouble = document.getElementById("phb-trouble");
const PATIENCE_MS = 25_000;
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

function showTrouble(text) {
  const line = document.createElement("p");
  line.textContent = text;
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = "Open the page again";
  again.addEventListener("click", () => {
    document.dispatchEvent(new CustomEvent("phb:leaving"));
    location.reload();
  });
  trouble.replaceChildren(line, again);
  trouble.hidden = false;
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
    showTrouble(
      state === "lost"
        ? `This page has lost its session. ${kept()} ${typed} Open it again to go on where you were.`
        : `Disconnected. ${kept()} This page connects again by itself, and then sends what waits.`,
    );
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
  setTimeout(() => {
    if (document.body.dataset.ready || document.querySelector(".phb-failed")) return;
    say("Not ready", "trouble");
    showTrouble(`The ${what} has not opened. This network may be blocking it (it needs WebSockets), or the server is busy.`);
  }, PATIENCE_MS);
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
