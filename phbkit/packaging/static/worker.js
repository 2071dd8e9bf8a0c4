// Plays a module beside its page, in Python: each message of a form is answered once what it wrote is kept.

import { openJournal, read, write } from "./journal.js";

const NOT_KEPT = "This device could not keep it. It may be full, or this may be a private window. It is tried again.";

let device = null;
let journal = null;
let about = null;
let known = 0; // the number of the latest event that is here
let turn = Promise.resolve(); // one message at a time

const get = async (address) => {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response;
};

async function open(asked) {
  about = asked;
  const { loadPyodide } = await import(new URL("pyodide.js", about.runtime));
  const [python, program, facts] = await Promise.all([
    loadPyodide({ indexURL: about.runtime }),
    get(about.program).then((response) => response.arrayBuffer()),
    get(about.facts).then((response) => response.text()),
  ]);
  python.unpackArchive(program, "zip", { extractDir: "/program" });
  python.runPython("import sys; sys.path.insert(0, '/program')");
  device = python.pyimport("phbkit.packaging.device").Device(facts);
  journal = await openJournal();
  const { events, drafts, pages } = await read(journal, about.attempt);
  known = events.length;
  device.open(JSON.stringify({ events: events.map(asEvent), drafts: Object.fromEntries(drafts.map(({ step, values }) => [step, values])) }));
  const isWhole = pages.every(({ version, seq }) => version === about.version && seq === known);
  if (isWhole && (known === 0 || pages.length)) {
    postMessage({ opened: {} });
    return device.page(about.steps[0]); // templates are compiled before somebody waits for them
  }
  const opened = rendered(about.steps);
  postMessage({ opened });
  await keepPages(opened);
}

/** Render steps, by their ids. */
const rendered = (steps) => Object.fromEntries(steps.map((step) => [step, JSON.parse(device.page(step))]));

/** Keep pages for the next opening, each with the number of the event that it is up to. */
async function keepPages(shown) {
  const pages = Object.entries(shown).map(([step, page]) => ({ step, version: about.version, seq: known, ...page }));
  await write(journal, about.attempt, known, () => ({ pages })).catch(() => {});
}

const asEvent = ({ attempt, ...event }) => event;

/** Answer one message, whatever happens: once what it wrote is kept, and before the other steps are rendered. */
async function receive({ step, message }) {
  let answer = null;
  const decide = (fresh) => {
    known = fresh.at(-1)?.seq ?? known;
    answer = JSON.parse(device.receive(step, JSON.stringify(message), JSON.stringify(fresh.map(asEvent))));
    const { done, of, finished } = answer;
    return {
      attempts: [{ ...about.record, done, of, finished, saved: Date.now() }],
      events: answer.events,
      drafts: Object.entries(answer.drafts).map(([typed, values]) => ({ step: typed, values })),
    };
  };
  try {
    await write(journal, about.attempt, known, decide);
  } catch {
    device.settle(false);
    return postMessage({ step, reply: { did: "later", ticket: message.ticket, problems: { "": NOT_KEPT } }, shown: {}, files: [] });
  }
  device.settle(true);
  known = answer.events.at(-1)?.seq ?? known;
  const { reply, files, changed } = answer;
  const first = changed ? [step, reply.next].filter(Boolean) : [];
  const shown = rendered(first);
  postMessage({ step, reply, shown, files });
  const others = changed ? about.steps.filter((each) => !first.includes(each)) : Object.keys(answer.drafts);
  const later = rendered(others);
  if (changed) postMessage({ shown: later });
  if (others.length) await keepPages({ ...shown, ...later });
}

addEventListener("message", ({ data }) => {
  turn = turn.then(() => (data.open ? open(data.open) : receive(data))).catch((error) => postMessage({ failed: String(error) }));
});
