// The page of a case review: all parts at once, and a word whenever the meeting moves on.

import { say, setReady, unfoldForPrint, watchServer } from "./page.js";

const wanted = document.querySelectorAll(".phb-output").length;
const drawn = new Set();
let stage = "";

/** The first part to act in, or to look at, at each stage. */
const FIRST = {
  person: ".phb-first h2",
  rate: ".phb-step-rate h2",
  reveal: ".phb-reveal h2",
  "rate-again": ".phb-step-rate h2",
  "reveal-again": ".phb-reveal h2",
  agree: "#plan-title",
  end: "#record-title",
};

function noticeStage() {
  const room = document.querySelector(".phb-room");
  if (!room || room.dataset.stage === stage) return;
  const moved = stage !== "";
  stage = room.dataset.stage;
  document.title = `${room.dataset.title} · Case review`;
  if (!moved) return;
  say(`The meeting moved on: ${room.dataset.title}`, "note");
  const typing = document.activeElement?.matches("textarea, input[type=text]");
  if (!typing) document.querySelector(FIRST[stage])?.scrollIntoView({ block: "start" });
}

document.addEventListener("phb:drawn", ({ detail }) => {
  drawn.add(detail.step);
  if (drawn.size === wanted && !document.body.dataset.ready) setReady();
  requestAnimationFrame(noticeStage); // after every part of the same change is drawn
});
document.querySelector(".phb-skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("content").focus();
});

unfoldForPrint();
watchServer("meeting");
