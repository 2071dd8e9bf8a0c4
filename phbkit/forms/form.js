// One step of a module. The kernel renders the HTML; this file sends what is typed and shows the reply.

const PATIENCE_MS = 10_000;
const TYPING_PAUSE_MS = 600;

/** @returns {string} a name for one message, the same when it is sent again */
function newTicket() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {HTMLFormElement} form @returns {Record<string, string | string[]>} */
function valuesOf(form) {
  const values = {};
  for (const control of form.elements) {
    if (!control.name) continue;
    if (control.type === "checkbox") {
      values[control.name] ??= [];
      if (control.checked) values[control.name].push(control.value);
    } else if (control.type !== "radio") {
      values[control.name] = control.value;
    } else if (control.checked) {
      values[control.name] = control.value;
    }
  }
  return values;
}

/** Tell the page, and say it aloud where there is no page around the form. */
function tell(el, name, detail) {
  el.dispatchEvent(new CustomEvent(`phb:${name}`, { bubbles: true, detail }));
}

function clearErrors(form) {
  const summary = form.querySelector(".phb-errors");
  summary.hidden = true;
  summary.replaceChildren();
  for (const place of form.querySelectorAll(".phb-error")) {
    place.hidden = true;
    place.textContent = "";
  }
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}

/** @param {HTMLFormElement} form @param {Record<string, string>} problems field name to problem */
function showErrors(form, problems) {
  clearErrors(form);
  const summary = form.querySelector(".phb-errors");
  const title = document.createElement("h4");
  title.textContent = "Not saved yet";
  const list = document.createElement("ul");
  const inOrder = [...form.querySelectorAll("[data-field]")].map((field) => field.dataset.field);
  const rank = (name) => (inOrder.includes(name) ? inOrder.indexOf(name) : inOrder.length);
  for (const [name, problem] of Object.entries(problems).sort(([a], [b]) => rank(a) - rank(b))) {
    const target = form.querySelector(`#${CSS.escape(`field-${name}`)}`);
    const item = document.createElement("li");
    if (target) {
      const label = form.querySelector(`[data-field="${CSS.escape(name)}"] :is(legend, .phb-label)`);
      const words = label.textContent.trim();
      const link = document.createElement("a");
      link.href = `#${target.id}`;
      link.textContent = `“${words.length > 70 ? `${words.slice(0, 67)}…` : words}” ${problem}`;
      link.addEventListener("click", (event) => {
        event.preventDefault();
        (target.matches("fieldset") ? (target.querySelector("input") ?? target) : target).focus();
      });
      item.append(link);
      const place = form.querySelector(`#${CSS.escape(`error-${name}`)}`);
      place.textContent = `This ${problem}`;
      place.hidden = false;
      (target.matches("fieldset") ? target.querySelectorAll("input") : [target]).forEach((control) =>
        control.setAttribute("aria-invalid", "true"),
      );
    } else {
      item.textContent = name ? `${name} ${problem}` : problem;
    }
    list.append(item);
  }
  summary.append(title, list);
  summary.hidden = false;
  summary.focus();
}

function offerFile(reply, buffers) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([buffers[0]], { type: reply.type }));
  link.download = reply.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function copyText(from, say) {
  from.select();
  try {
    await navigator.clipboard.writeText(from.value);
    say("Copied.");
  } catch {
    say(document.execCommand("copy") ? "Copied." : "The text is selected: copy it with your keyboard.");
  }
}

/** @param {{model: any, el: HTMLElement, signal?: AbortSignal}} context */
function render({ model, el }) {
  /** @type {Map<string, {done: (reply: any, buffers: DataView[]) => void, late: number}>} */
  const waiting = new Map();
  let pause = 0;
  let ticket = newTicket();

  const say = (text, kind = "note") => {
    tell(el, "status", { text, kind });
    const line = el.querySelector(".phb-status");
    if (line) line.textContent = document.getElementById("phb-status") ? "" : text;
  };

  /** Send a message; `done` gets its reply, `never` is called when none has come in time. */
  function send(message, done, never = () => {}) {
    const late = setTimeout(() => {
      waiting.delete(message.ticket);
      never();
    }, PATIENCE_MS);
    waiting.set(message.ticket, { done, late });
    model.send(message);
  }

  function save(form) {
    clearTimeout(pause);
    const button = form.querySelector("button[type=submit]");
    button.setAttribute("aria-disabled", "true");
    say("Saving…");
    const ready = () => button.removeAttribute("aria-disabled");
    send(
      { do: "save", ticket, values: valuesOf(form) },
      (reply) => {
        ready();
        if (reply.did === "saved") {
          ticket = newTicket();
          say(`Saved at ${reply.at}`, "saved");
          tell(el, "saved", { step: model.get("step"), next: reply.next, at: reply.at });
        } else if (form.isConnected) {
          say("Not saved yet", "trouble");
          showErrors(form, reply.problems);
        } else {
          say(Object.values(reply.problems).join(" "), "trouble");
        }
      },
      () => {
        ready();
        const problem = "The server has not answered. Your answers are still on this page: try again.";
        say("Not saved yet", "trouble");
        if (form.isConnected) showErrors(form, { "": problem });
      },
    );
  }

  function keepDraft(form) {
    send({ do: "draft", ticket: newTicket(), values: valuesOf(form) }, (reply) => {
      if (reply.did !== "kept") return say(Object.values(reply.problems).join(" "), "trouble");
      if (reply.at) {
        say(`Draft kept at ${reply.at}`, "draft");
        tell(el, "draft", { at: reply.at });
      }
      if (reply.line) {
        el.querySelector(".phb-line").innerHTML = reply.line;
        el.querySelector(".phb-live").innerHTML = reply.cards;
      }
    });
  }

  function wire() {
    const form = el.querySelector("form");
    const status = document.createElement("p");
    status.className = "phb-status";
    status.setAttribute("role", "status");
    (form ?? el.firstElementChild)?.append(status);
    if (form) {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        if (!form.querySelector("button[aria-disabled]")) save(form);
      });
      form.addEventListener("input", (event) => {
        clearTimeout(pause);
        const typed = event.target.matches("textarea, input[type=text]");
        pause = setTimeout(() => keepDraft(form), typed ? TYPING_PAUSE_MS : 0);
      });
    }
    for (const control of el.querySelectorAll("[data-do]")) {
      control.addEventListener("click", () => {
        if (control.dataset.do === "copy") {
          copyText(el.querySelector(`#${CSS.escape(control.dataset.from)}`), say);
        } else {
          send({ do: control.dataset.do, ticket: newTicket() }, (reply, buffers) => {
            if (reply.did === "download") offerFile(reply, buffers);
            if (reply.did === "refused") say(Object.values(reply.problems).join(" "), "trouble");
          });
        }
      });
    }
  }

  function draw() {
    clearTimeout(pause);
    el.classList.add("phb");
    el.innerHTML = model.get("html");
    wire();
    tell(el, "drawn", { step: model.get("step"), state: model.get("state") });
  }

  function receive(reply, buffers) {
    const asked = waiting.get(reply.ticket);
    if (!asked) return;
    clearTimeout(asked.late);
    waiting.delete(reply.ticket);
    asked.done(reply, buffers);
  }

  model.on("change:html", draw);
  model.on("msg:custom", receive);
  requestAnimationFrame(draw);
  return () => {
    clearTimeout(pause);
    model.off("change:html", draw);
    model.off("msg:custom", receive);
  };
}

export default { render };
