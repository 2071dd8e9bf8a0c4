// The page of a case review: all parts at once, and a word whenever the meeting moves on.

import { host } from "./host.js";
import { answers, say, setReady, unfoldForPrint, watchServer } from "./page.js";

const SETTLED_MS = 150; // after the last of the parts that one change draws
const LOOK_MS = 20_000;
let wanted = 0;
const drawn = new Set();
let stage = "";
let settling = 0;
let since = 0; // when the change began to be drawn
let acted = 0; // when a key or the pointer was last pressed

/** What to look at first, at each stage. */
const FIRST = {
  person: "person-title",
  rate: "rate-title",
  reveal: "reveal-title",
  "rate-again": "rate-title",
  "reveal-again": "reveal-title",
  agree: "plan-title",
  end: "record-title",
};

function noticeStage() {
  settling = 0;
  const room = document.querySelector(".phb-room");
  if (!room || room.dataset.stage === stage) return;
  const moved = stage !== "";
  stage = room.dataset.stage;
  document.title = `${room.dataset.title} · Case review`;
  if (!moved) return;
  say(`The meeting moved on: ${room.dataset.title}`, "note");
  if (acted > since || document.activeElement?.matches("textarea, input[type=text]")) return;
  const first = document.getElementById(FIRST[stage]);
  first?.scrollIntoView({ block: "start" });
  first?.focus({ preventScroll: true });
}

/** Show a form, and put the focus into it. */
function goTo(form) {
  form.closest("details")?.setAttribute("open", "");
  form.scrollIntoView({ block: "center" });
  (form.querySelector("textarea, input:not([type=hidden])") ?? form).focus({ preventScroll: true });
}

/** What is asked of whoever looks leads to its form. */
document.addEventListener("click", (event) => {
  const link = event.target.closest(".phb-todo a, #phb-status a");
  const form = link && document.querySelector(link.hash)?.closest("section")?.querySelector("form");
  if (!form) return;
  event.preventDefault();
  goTo(form);
});

/** Controls in which something stands that is not saved. */
function unsaved(except) {
  const typed = (control) =>
    control.type !== "hidden" &&
    (control.type === "checkbox" || control.type === "radio"
      ? control.checked !== control.defaultChecked
      : control.matches("textarea, input") && control.value !== control.defaultValue);
  return [...document.querySelectorAll("main form")]
    .filter((form) => form !== except)
    .flatMap((form) => [...form.elements].filter(typed));
}

/**
 * Moving on, and closing, would take unsaved text away: say so once before it does.
 * What was said is kept here and not at the form, which is drawn anew when anybody else acts.
 */
let warned = "";
document.addEventListener(
  "submit",
  (event) => {
    if (!["stage", "outcome"].includes(event.target.dataset.step)) return;
    const controls = unsaved(event.target);
    const typed = JSON.stringify(controls.map(({ name, value, checked }) => [name, value, checked]));
    if (!controls.length || typed === warned) return;
    event.preventDefault();
    event.stopPropagation();
    warned = typed;
    goTo(controls[0].form);
    say("This is typed and not saved. Save it, or press again to go on without it.", "trouble");
  },
  true,
);

/** What somebody typed into a form that is gone: theirs to copy. */
document.addEventListener("phb:unsaved", ({ detail }) => {
  const box = document.getElementById("phb-unsaved") ?? document.createElement("section");
  box.id = "phb-unsaved";
  box.className = "phb-critical";
  if (!box.childElementCount) {
    const title = document.createElement("h2");
    title.textContent = "Not saved: the meeting moved on";
    box.append(title);
    document.getElementById("content").prepend(box);
  }
  for (const text of detail.texts) {
    const line = document.createElement("p");
    line.className = "phb-own";
    line.textContent = text;
    box.append(line);
  }
  say("The meeting moved on. What you had typed is at the top of this page.", "trouble");
});

/** Say what is asked of whoever looks, wherever on the page they are. */
let asked = "";
function noticeAsked() {
  const link = document.querySelector(".phb-todo[data-asks] a");
  const words = link?.textContent ?? "";
  const status = document.getElementById("phb-status");
  if (words && words !== asked) {
    say(words, "asks");
    status.replaceChildren(link.cloneNode(true));
  } else if (!words && status.dataset.kind === "asks") say("", "note");
  asked = words;
}

/** A network that is gone without a word is noticed by asking the server now and then. */
setInterval(async () => {
  if (!document.hidden && !(await answers())) host.reconnect();
}, LOOK_MS);

host.on("placed", (count) => (wanted = count));
document.addEventListener("phb:drawn", ({ detail }) => {
  drawn.add(detail.step);
  if (drawn.size === wanted && !document.body.dataset.ready) setReady();
  if (!settling) since = performance.now();
  clearTimeout(settling);
  settling = setTimeout(() => {
    noticeStage();
    noticeAsked();
  }, stage ? SETTLED_MS : 0);
});
for (const kind of ["keydown", "pointerdown"]) {
  document.addEventListener(kind, () => (acted = performance.now()), true);
}
document.querySelector(".phb-skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("content").focus();
});

unfoldForPrint();
watchServer("meeting", "What you have typed is put back.");
