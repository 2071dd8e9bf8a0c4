// The start page of a package: how far the learner has come, and what is kept on this device.

import { attempts, begin, erase, openJournal, read } from "./journal.js";

const told = document.getElementById("phb-kept");
const day = (at) => new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
let journal = null;

async function show() {
  const all = await attempts(journal);
  const begun = all.filter(({ done }) => done);
  told.textContent = begun.length
    ? `Answers of ${begun.length === 1 ? "one attempt" : `${begun.length} attempts`}, the latest of ${day(Math.max(...begun.map(({ saved }) => saved)))}. Nothing of it has left this device.`
    : "Nothing yet.";
  for (const card of document.querySelectorAll("[data-case]")) {
    const latest = all.find((each) => each.case === card.dataset.case);
    const { done = 0, of = 0, finished = false } = latest ?? {};
    card.querySelector("[data-act]").textContent = finished ? "Look back" : done ? "Go on" : "Start";
    card.querySelector("[data-progress]").textContent = finished ? " · finished" : done ? ` · ${done} of ${of} steps done` : "";
    card.querySelector(".phb-again").hidden = !done;
  }
}

async function save() {
  const kept = [];
  for (const attempt of await attempts(journal)) {
    const { events, drafts } = await read(journal, attempt.id);
    kept.push({ ...attempt, events, drafts });
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(kept, null, 2)], { type: "application/json" }));
  link.download = "my-answers.json";
  link.click();
}

async function startAgain({ target }) {
  const card = target.closest("[data-case]");
  await begin(journal, { case: card.dataset.case });
  card.querySelector(".phb-button").click();
}

try {
  journal = await openJournal();
  document.getElementById("phb-export").addEventListener("click", save);
  document.getElementById("phb-erase").addEventListener("click", async () => {
    await erase(journal);
    location.reload();
  });
  for (const button of document.querySelectorAll("[data-again]")) button.addEventListener("click", startAgain);
  await show();
} catch {
  told.textContent = "This browser keeps nothing for this page: it may be a private window. Open the page in an ordinary one.";
}
