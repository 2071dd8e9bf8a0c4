// The page of a module: one step at a time, where it was left, and whether the server is there.

const sections = [...document.querySelectorAll("section.phb-section")];
const marks = [...document.querySelectorAll(".phb-steps li")];
const status = document.getElementById("phb-status");
const draft = document.getElementById("phb-draft");
const trouble = document.getElementById("phb-trouble");
const PATIENCE_MS = 25_000;
const STATES = { done: "done", locked: "not open yet", open: "" };
/** @type {Map<string, {section: Element, index: number, state: string}>} */
const steps = new Map();
const menu = document.querySelector(".phb-menu");
const wide = matchMedia("(min-width: 62.01rem)");
let shown = "";
let lastSaved = "";

function say(text, kind) {
  draft.textContent = "";
  status.textContent = text;
  status.dataset.kind = kind;
}

function showTrouble(text) {
  const line = document.createElement("p");
  line.textContent = text;
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = "Open the page again";
  again.addEventListener("click", () => location.reload());
  trouble.replaceChildren(line, again);
  trouble.hidden = false;
}

function drawMarks() {
  for (const [id, { index, state }] of steps) {
    const mark = marks[index];
    const words = (mark.dataset.words ??= mark.textContent);
    const label = document.createElement(state === "locked" ? "span" : "a");
    if (state !== "locked") label.href = `#${id}`;
    if (id === shown) label.setAttribute("aria-current", "step");
    label.textContent = words;
    if (STATES[state]) {
      const said = document.createElement("span");
      said.className = "phb-hidden";
      said.textContent = ` (${STATES[state]})`;
      label.append(said);
    }
    mark.dataset.state = state;
    mark.replaceChildren(label);
  }
  const done = [...steps.values()].filter(({ state }) => state === "done").length;
  const progress = document.querySelector(".phb-progress");
  progress.textContent = `Steps: ${done} of ${sections.length} done`;
  progress.style.setProperty("--done", `${(100 * done) / sections.length}%`);
}

/** Show one step. Focus goes to its heading when the learner moved there. */
function show(id, moved) {
  const step = steps.get(id);
  if (!step) return;
  shown = id;
  sections.forEach((section, index) => {
    section.hidden = index !== step.index;
  });
  document.querySelector(".phb-intro").classList.toggle("phb-hidden", step.index > 0);
  drawMarks();
  const heading = step.section.querySelector("h2");
  document.title = `${heading.textContent.replace("¶", "").trim()} · Deciding together`;
  if (!moved) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function go(id) {
  if (steps.get(id)?.state === "locked") return;
  fitMenu();
  if (location.hash !== `#${id}`) history.pushState(null, "", `#${id}`);
  show(id, true);
}

function whereItWas() {
  const asked = location.hash.slice(1);
  if (steps.has(asked) && steps.get(asked).state !== "locked") return asked;
  const open = [...steps].find(([, { state }]) => state === "open");
  return open ? open[0] : sections.length ? [...steps.keys()].at(-1) : "";
}

const fitMenu = () => {
  menu.open = wide.matches;
};
wide.addEventListener("change", fitMenu);
fitMenu();

document.addEventListener("phb:drawn", (event) => {
  const section = event.target.closest("section.phb-section");
  const { step, state } = event.detail;
  if (!section) return;
  steps.set(step, { section, index: sections.indexOf(section), state });
  if (shown) return drawMarks();
  if (steps.size === sections.length) {
    show(whereItWas(), false);
    history.replaceState(null, "", `#${shown}`);
    document.body.dataset.ready = "true";
    say("Ready", "note");
  }
});
document.addEventListener("phb:status", ({ detail }) => say(detail.text, detail.kind));
document.addEventListener("phb:draft", ({ detail }) => {
  lastSaved = detail.at;
  draft.textContent = `Draft kept at ${detail.at}`;
});
document.addEventListener("phb:lost", () => {
  showTrouble(`The server does not answer. ${kept()} Open the page again to go on where you were.`);
});
document.addEventListener("phb:saved", ({ detail }) => {
  lastSaved = detail.at;
  if (detail.next) return go(detail.next);
  const answers = steps.get(detail.step).section.querySelector(".phb-answers");
  answers.focus({ preventScroll: true });
  answers.scrollIntoView();
});
document.querySelector(".phb-skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("content").focus();
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  const id = link?.getAttribute("href").slice(1);
  if (!link || !steps.has(id) || event.defaultPrevented) return;
  event.preventDefault();
  go(id);
});
window.addEventListener("popstate", () => show(whereItWas(), true));

const kept = () => (lastSaved ? `Your answers up to ${lastSaved} are saved.` : "Nothing you saved is lost.");

/** A kernel that died is started anew by the server, but knows nothing of this page. */
function watch(kernel) {
  let lost = false;
  kernel.connectionStatusChanged.connect((_, state) => {
    if (lost) return;
    if (state === "connected") {
      trouble.hidden = true;
      if (status.dataset.kind === "trouble") say("Connected again", "note");
    } else {
      say("Disconnected", "trouble");
      showTrouble(`Disconnected. ${kept()} This page tries to connect again by itself.`);
    }
  });
  kernel.statusChanged.connect((_, state) => {
    if (lost || !["restarting", "autorestarting", "dead"].includes(state)) return;
    lost = true;
    say("Disconnected", "trouble");
    showTrouble(`This page has lost its session. ${kept()} Open it again to go on where you were.`);
  });
}

window.addEventListener("load", () => {
  if (document.querySelector(".phb-failed")) say("Part of this page could not be made", "trouble");
});
setTimeout(() => {
  if (document.body.dataset.ready) return;
  say("Not ready", "trouble");
  showTrouble("The module has not opened. This network may be blocking it (it needs WebSockets), or the server is busy.");
}, PATIENCE_MS);

const closed = new Set();
window.addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("main details:not([open])")) closed.add(part);
  for (const part of closed) part.open = true;
});
window.addEventListener("afterprint", () => {
  for (const part of closed) part.open = false;
  closed.clear();
});

const looking = setInterval(() => {
  const kernel = window.jupyterapp?.widgetManager?.kernel;
  if (!kernel) return;
  clearInterval(looking);
  watch(kernel);
}, 100);
