// The line from this page to its kernel: Jupyter's WebSocket protocol, and of ipywidgets only what a form needs.
//
// line.on("connection" | "lost", …)              as host.js tells them on
// line.on("states", (states) => …)               what widgets show now, by id: all of them after each connection
// line.on("reply", (id, content, buffers) => …)  what a widget answers

import { Emitter } from "./emitter.js";

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

export class Line extends Emitter {
  state = "connecting";
  hindrance = "This network may be blocking it (it needs WebSockets), or the server is busy.";
  #widgets = [];
  #session = newId();
  #config = null;
  #socket = null;
  #waiting = [];
  #tries = 0;
  #next = 0;
  #silence = 0;
  #ended = false;

  /** What widgets show that the page was written without: nothing here. */
  known() {
    return {};
  }

  /** @param {string[]} widgets the ids of the page's widgets */
  open(widgets) {
    const config = document.getElementById("jupyter-config-data");
    if (!config) return;
    this.#widgets = widgets;
    this.#config = JSON.parse(config.textContent);
    this.#connect();
    window.addEventListener("online", () => this.#retry());
    document.addEventListener("visibilitychange", () => document.hidden || this.#retry());
    window.addEventListener("pagehide", () => this.#endKernel());
    window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  }

  /** Try now to connect again, if the line is down. */
  #retry() {
    if (this.state !== "disconnected" || this.#socket || this.#ended) return;
    this.#tries = 0;
    clearTimeout(this.#next);
    this.#connect();
  }

  /** Give up a line that looks open and carries nothing, and connect anew. */
  reconnect() {
    if (this.state === "connected") this.#drop();
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
  send(id, message) {
    const content = { comm_id: id, data: { method: "custom", content: message } };
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
    if (data.method === "update") this.emit("states", { [id]: data.state });
    if (data.method === "custom") this.emit("reply", id, data.content, buffers);
  }

  /** Show the widgets as they are now: something may have changed while the line was down. */
  #taken(states) {
    if (this.#widgets.some((id) => !(id in states))) return this.#lose();
    this.#tries = 0;
    clearTimeout(this.#silence);
    this.#say("connected");
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const content of waiting) this.#socket.send(pack(this.#session, "comm_msg", content));
    this.emit("states", Object.fromEntries(this.#widgets.map((id) => [id, states[id].state])));
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
