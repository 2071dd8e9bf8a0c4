// The line from this page to what plays it on this device: a worker, and a journal that outlives both.
//
// line.on("connection" | "lost", …)              as host.js tells them on
// line.on("states", (states) => …)               what steps show now, by id
// line.on("reply", (id, content, buffers) => …)  what a step answers

import { Emitter } from "./emitter.js";
import { attempts, begin, openJournal, read } from "./journal.js";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
const config = JSON.parse(document.getElementById("jupyter-config-data").textContent);

export class Line extends Emitter {
  state = "connecting";
  hindrance = "This browser may be too old for it, or this copy is not whole.";
  #attempt = null;
  #worker = null;
  #waiting = [];
  #tries = 0;
  #next = 0;

  /** What steps show that the page was written without: what this device has kept of the latest attempt. */
  async known() {
    Object.assign(document.body.dataset, { connection: "connecting", waits: "module" });
    try {
      const journal = await openJournal();
      const ours = (await attempts(journal)).find((each) => each.case === config.case);
      this.#attempt = ours ?? (await begin(journal, { case: config.case, version: config.version }));
      const { events, pages } = await read(journal, this.#attempt.id);
      journal.close();
      const known = Object.fromEntries(config.steps.map((step) => [step, { attempt: this.#attempt.id }]));
      for (const { step, version, seq, state, html } of pages) {
        if (version === config.version && seq === events.length) Object.assign(known[step], { state, html });
      }
      return known;
    } catch {
      return {};
    }
  }

  open() {
    if (!this.#attempt) return this.emit("trouble", "This browser keeps nothing for this page: it may be a private window. Open the page in an ordinary one.");
    this.#start();
  }

  /** Give up what does not answer, and start it anew. */
  reconnect() {
    if (this.state === "connected" && navigator.onLine) this.#fail();
  }

  send(step, message) {
    if (this.state === "connected") return this.#worker.postMessage({ step, message });
    this.#waiting.push({ step, message });
  }

  #start() {
    const at = (name) => new URL(config[name], location.href).href;
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    this.#worker = worker;
    worker.addEventListener("message", ({ data }) => worker === this.#worker && this.#receive(data));
    worker.addEventListener("error", () => worker === this.#worker && this.#fail());
    const addresses = { runtime: at("runtime"), program: at("program"), facts: at("facts") };
    const { steps, version } = config;
    worker.postMessage({ open: { ...addresses, steps, version, attempt: this.#attempt.id, record: this.#attempt } });
  }

  #receive({ opened, failed, step, reply, shown, files }) {
    if (failed) return this.#fail(failed);
    if (opened) {
      this.#tries = 0;
      this.#say("connected");
      navigator.serviceWorker?.register(config.offline).catch(() => {});
      for (const each of this.#waiting.splice(0)) this.#worker.postMessage(each);
      return this.emit("states", opened);
    }
    this.emit("states", shown);
    if (!reply) return;
    const buffers = files.map((file) => Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0)));
    this.emit("reply", step, reply, buffers);
  }

  #say(state) {
    if (state === this.state) return;
    this.state = state;
    this.emit("connection", state);
  }

  #fail(why) {
    this.#worker?.terminate();
    this.#worker = null;
    this.#say("disconnected");
    if (why) this.emit("trouble", `Part of this copy is missing or damaged, or there is no network to get it: ${why}. It is tried again.`);
    clearTimeout(this.#next);
    this.#next = setTimeout(() => this.#start(), Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#tries++));
  }
}
