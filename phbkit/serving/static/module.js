// The page of a module: one step at a time, and where it was left.

import { say, setReady, unfoldForPrint, watchServer } from "./page.js";

const sections = [...document.querySelectorAll("section.phb-section")];
const marks = [...document.querySelectorAll(".phb-steps li")];
const draft = document.getElementById("phb-draft");
const STATES = { done: "done", locked: "not open yet", open: "", stopped: "stopped: critical errors to put right" };
/** @type {Map<string, {section: Element, index: number, state: string}>} */
const steps = new Map();
const menu = document.querySelector(".phb-menu");
const back = document.querySelector(".phb-back");
const wide = matchMedia("(min-width: 62.01rem)");
let shown = "";

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
      if (state !== "stopped") said.className = "phb-hidden";
      said.textContent = ` (${STATES[state]})`;
      label.append(said);
    }
    mark.dataset.state = state;
    mark.replaceChildren(label);
  }
  const count = (wanted) => [...steps.values()].filter(({ state }) => state === wanted).length;
  const done = count("done");
  const progress = document.querySelector(".phb-progress");
  progress.textContent = `Steps: ${done} of ${sections.length} done${count("stopped") ? ", stopped: unsafe" : ""}`;
  progress.toggleAttribute("data-stopped", count("stopped") > 0);
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
  const before = [...steps].find(([, { index }]) => index === step.index - 1);
  back.hidden = !before;
  if (before) back.href = `#${before[0]}`;
  const heading = step.section.querySelector("h2");
  document.title = `${heading.textContent.trim()} · Deciding together`;
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
  const open = [...steps].find(([, { state }]) => state === "open" || state === "stopped");
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
    setReady();
  }
});
document.addEventListener("phb:draft", ({ detail }) => {
  draft.textContent = `Draft kept at ${detail.at}`;
});
document.addEventListener("phb:saved", ({ detail }) => {
  if (detail.next) return go(detail.next);
  const answers = steps.get(detail.step).section.querySelector(".phb-stopped, .phb-answers");
  answers?.focus({ preventScroll: true });
  answers?.scrollIntoView();
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
  document.getElementById(link.dataset.to)?.scrollIntoView();
});
window.addEventListener("popstate", () => show(whereItWas(), true));

unfoldForPrint();
watchServer("module", "What you have typed is kept in this tab.");
