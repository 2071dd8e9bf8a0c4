// Shows widgets on this page, and gives our forms what they use of ipywidgets. `line.js` carries their messages.
//
// host.on("connection", (state) => …)  "connecting", "connected" or "disconnected"; host.state is the latest
// host.on("lost", () => …)             what plays the page is gone or knows nothing of it: it must be opened again
// host.on("trouble", (told) => …)      what keeps the page from being played, in words
// host.on("placed", (count) => …)      every widget of the page has its place; there are `count`

import { Emitter } from "./emitter.js";
import form from "./form.js";
import { Line } from "./line.js";

/** One widget as anywidget gives it to a form: what it shows, and messages both ways. */
class Model extends Emitter {
  #state;
  #post;

  constructor(state, post) {
    super();
    this.#state = state;
    this.#post = post;
  }

  get(name) {
    return this.#state[name];
  }

  send(content) {
    this.#post(content);
  }

  /** Take what the kernel says; only what differs is told. */
  take(state) {
    const changed = Object.keys(state).filter((name) => state[name] !== this.#state[name]);
    this.#state = { ...this.#state, ...state };
    for (const name of changed) this.emit(`change:${name}`);
  }
}

class Host extends Emitter {
  #models = new Map();
  #line = new Line();

  get state() {
    return this.#line.state;
  }

  /** What may keep a page from opening, in words. */
  get hindrance() {
    return this.#line.hindrance;
  }

  /** Put every cell's outputs in their places and open the line to what plays them. */
  async begin() {
    const known = await this.#line.known();
    for (const cell of document.querySelectorAll("script.phb-cell")) this.#place(cell, known);
    for (const wait of document.querySelectorAll(".phb-wait")) wait.remove();
    this.emit("placed", this.#models.size);
    this.#line.on("connection", (state) => this.emit("connection", state));
    this.#line.on("lost", () => this.emit("lost"));
    this.#line.on("trouble", (told) => this.emit("trouble", told));
    this.#line.on("states", (states) => this.#take(states));
    this.#line.on("reply", (id, content, buffers) => this.#models.get(id)?.emit("msg:custom", content, buffers));
    this.#line.open([...this.#models.keys()]);
  }

  /** Give up a line that looks open and carries nothing, and connect anew. */
  reconnect() {
    this.#line.reconnect();
  }

  #place(cell, known) {
    const place = document.getElementById(cell.dataset.place);
    for (const output of JSON.parse(cell.textContent)) {
      const el = document.createElement("div");
      el.className = "phb-output";
      place.append(el);
      if (output.model) {
        const state = { ...output.state, ...known[output.model] };
        const model = new Model(state, (message) => this.#line.send(output.model, message));
        this.#models.set(output.model, model);
        form.render({ model, el });
      } else {
        el.innerHTML = output.html;
        if (el.querySelector(".phb-failed")) place.closest(".phb-section").hidden = false;
      }
    }
  }

  /** Show widgets as they are now, by id. */
  #take(states) {
    for (const [id, state] of Object.entries(states)) this.#models.get(id)?.take(state);
  }
}

export const host = new Host();
