// Shows the kernel's widgets on this page: the socket to the kernel, and what our forms use of ipywidgets.
//
// host.on("connection", (state) => …)  "connecting", "connected" or "disconnected"; host.state is the latest
// host.on("lost", () => …)             the kernel is gone or knows nothing of this page: it must be opened again
// host.on("placed", (count) => …)      every widget of the page has its place; there are `count`

import form from "./form.js";

const PROTOCOL = "v1.kernel.websocket.jupyter.org";
const CONTROL = "control"; // the comm over which the page hears of all widgets
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
const LOOKING_MS = 5_000;
const CONNECTING_MS = 20_000;
const MOST_WAITING = 200;
const PARTS = 5; // channel, header, parent header, metadata, content; then buffers

const newId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

class Emitter {
  #heard = new Map();

  on(name, done) {
    this.#heard.set(name, [...(this.#heard.get(name) ?? []), done]);
  }

  off(name, done) {
    this.#heard.set(name, (this.#heard.get(name) ?? []).filter((each) => each !== done));
  }

  emit(name, ...told) {
    for (const done of this.#heard.get(name) ?? []) done(...told);
  }
}

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
    this.#post({ method: "custom", content });
  }

  /** Take what the kernel says; only what differs is told. */
  take(state) {
    const changed = Object.keys(state).filter((name) => state[name] !== this.#state[name]);
    this.#state = { ...this.#state, ...state };
    for (const name of changed) this.emit(`change:${name}`);
  }
}

/** @param {string} type @param {object} content @returns {ArrayBuffer} a frame: how many offsets, the offsets, the parts */
function pack(session, type, content, metadata = {}) {
  const date = new Date().toISOString();
  const header = { msg_id: newId(), session, username: "", date, msg_type: type, version: "5.4" };
  const encoder = new TextEncoder();
  const parts = ["shell", ...[header, {}, metadata, content].map((part) => JSON.stringify(part))].map((text) =>
    encoder.encode(text),
  );
  let place = 8 * (parts.length + 2);
  const frame = new Uint8Array(parts.reduce((length, part) => length + part.length, place));
  const numbers = new DataView(frame.buffer);
  numbers.setBigUint64(0, BigInt(parts.length + 1), true);
  parts.forEach((part, index) => {
    numbers.setBigUint64(8 * (index + 1), BigInt(place), true);
    frame.set(part, place);
    place += part.length;
  });
  numbers.setBigUint64(8 * (parts.length + 1), BigInt(place), true);
  return frame.buffer;
}

/** @param {ArrayBuffer} frame */
function unpack(frame) {
  const numbers = new DataView(frame);
  const number = (index) => Number(numbers.getBigUint64(8 * index, true));
  const places = Array.from({ length: number(0) }, (_, index) => number(index + 1));
  const part = (index) => new DataView(frame, places[index], places[index + 1] - places[index]);
  const read = (index) => JSON.parse(new TextDecoder().decode(part(index)));
  const buffers = places.slice(PARTS, -1).map((_, index) => part(PARTS + index));
  return { type: read(1).msg_type, content: read(4), buffers };
}

class Host extends Emitter {
  state = "connecting";
  #models = new Map();
  #session = newId();
  #config = null;
  #socket = null;
  #waiting = [];
  #tries = 0;
  #next = 0;
  #silence = 0;
  #ended = false;

  /** Put every cell's outputs in their places and open the line to the kernel. */
  begin() {
    for (const cell of document.querySelectorAll("script.phb-cell")) this.#place(cell);
    for (const wait of document.querySelectorAll(".phb-wait")) wait.remove();
    this.emit("placed", this.#models.size);
    const config = document.getElementById("jupyter-config-data");
    if (!config) return;
    this.#config = JSON.parse(config.textContent);
    this.#connect();
    window.addEventListener("online", () => this.retry());
    document.addEventListener("visibilitychange", () => document.hidden || this.retry());
    window.addEventListener("pagehide", () => this.#endKernel());
    window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  }

  /** Try now to connect again, if the line is down. */
  retry() {
    if (this.state !== "disconnected" || this.#socket || this.#ended) return;
    this.#tries = 0;
    clearTimeout(this.#next);
    this.#connect();
  }

  /** Give up a line that looks open and carries nothing, and connect anew. */
  reconnect() {
    if (this.state === "connected") this.#drop();
  }

  #place(cell) {
    const place = document.getElementById(cell.dataset.place);
    for (const output of JSON.parse(cell.textContent)) {
      const el = document.createElement("div");
      el.className = "phb-output";
      place.append(el);
      if (output.model) {
        const model = new Model(output.state, (data) => this.#send(output.model, data));
        this.#models.set(output.model, model);
        form.render({ model, el });
      } else {
        el.innerHTML = output.html;
        if (el.querySelector(".phb-failed")) place.closest(".phb-section").hidden = false;
      }
    }
  }

  #say(state) {
    if (state === this.state) return;
    this.state = state;
    this.emit("connection", state);
  }

  #connect() {
    const { baseUrl, kernelId } = this.#config;
    const address = new URL(`${baseUrl}api/kernels/${kernelId}/channels`, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    address.searchParams.set("session_id", this.#session);
    const socket = new WebSocket(address, PROTOCOL);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => this.#opened());
    socket.addEventListener("message", ({ data }) => socket === this.#socket && this.#receive(unpack(data)));
    socket.addEventListener("close", () => socket === this.#socket && this.#closed());
    this.#socket = socket;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#drop(), CONNECTING_MS);
  }

  #opened() {
    const content = { comm_id: CONTROL, target_name: "jupyter.widget.control", data: {} };
    this.#socket.send(pack(this.#session, "comm_open", content, { version: "1.0.0" }));
    this.#askStates();
  }

  #askStates() {
    const content = { comm_id: CONTROL, data: { method: "request_states" } };
    this.#socket.send(pack(this.#session, "comm_msg", content));
  }

  /** Send to a widget, or keep it until the line is open again. */
  #send(id, data) {
    const content = { comm_id: id, data };
    if (this.state === "connected") return this.#socket.send(pack(this.#session, "comm_msg", content));
    this.#waiting = [...this.#waiting, content].slice(-MOST_WAITING);
  }

  #receive({ type, content, buffers }) {
    if (type === "status") {
      if (["restarting", "autorestarting", "dead"].includes(content.execution_state)) this.#lose();
      return;
    }
    if (type !== "comm_msg") return;
    const { comm_id: id, data } = content;
    if (id === CONTROL && data.method === "update_states") return this.#taken(data.states);
    const model = this.#models.get(id);
    if (data.method === "update") model?.take(data.state);
    if (data.method === "custom") model?.emit("msg:custom", data.content, buffers);
  }

  /** Show the widgets as they are now: something may have changed while the line was down. */
  #taken(states) {
    if ([...this.#models.keys()].some((id) => !(id in states))) return this.#lose();
    this.#tries = 0;
    clearTimeout(this.#silence);
    this.#say("connected");
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const content of waiting) this.#socket.send(pack(this.#session, "comm_msg", content));
    for (const [id, model] of this.#models) model.take(states[id].state);
  }

  #drop() {
    const socket = this.#socket;
    this.#closed();
    socket?.close();
  }

  async #closed() {
    this.#socket = null;
    clearTimeout(this.#silence);
    if (this.#ended) return;
    this.#say("disconnected");
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#tries++) * (0.5 + Math.random() / 2);
    if (await this.#isGone()) return this.#lose();
    clearTimeout(this.#next);
    this.#next = setTimeout(() => this.#socket || this.#ended || this.#connect(), wait);
  }

  /** Whether the server answers that there is no such kernel, or none for whoever this is now. */
  async #isGone() {
    const { baseUrl, kernelId } = this.#config;
    try {
      const options = { signal: AbortSignal.timeout(LOOKING_MS), cache: "no-store" };
      const { status } = await fetch(`${baseUrl}api/kernels/${kernelId}`, options);
      return status >= 400 && status < 500;
    } catch {
      return false;
    }
  }

  #lose() {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#silence);
    this.#socket?.close();
    this.#socket = null;
    this.state = "disconnected";
    this.emit("lost");
  }

  #endKernel() {
    const token = document.cookie.match(/(?:^|; )_xsrf=([^;]*)/)?.[1] ?? "";
    const body = new FormData();
    body.append("_xsrf", token);
    navigator.sendBeacon(`${this.#config.baseUrl}voila/api/shutdown/${this.#config.kernelId}`, body);
  }
}

export const host = new Host();
