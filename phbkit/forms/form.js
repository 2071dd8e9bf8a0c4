// One step of a module. The kernel renders the HTML; this file sends what is typed and shows the reply.

const PATIENCE_MS = 10_000;
const TYPING_PAUSE_MS = 600;
const NUMBER_PAUSE_MS = 200;

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

/** Write beside a slider what it stands at; it says so itself to who does not see it. */
function showSlide(slider) {
  const place = slider.parentElement.querySelector(".phb-slid");
  if (place) place.textContent = slider.value;
}

/** Tell the page around the form, if there is one. */
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
  const count = Object.keys(problems).length;
  title.textContent = count === 1 ? "Not saved yet: one thing to mend" : `Not saved yet: ${count} things to mend`;
  title.id = `errors-${form.dataset.step}`;
  summary.setAttribute("aria-labelledby", title.id);
  const list = document.createElement("ul");
  const inOrder = [...form.querySelectorAll("[data-field]")].map((field) => field.dataset.field);
  const rank = (name) => (inOrder.includes(name) ? inOrder.indexOf(name) : inOrder.length);
  for (const [name, problem] of Object.entries(problems).sort(([a], [b]) => rank(a) - rank(b))) {
    const target = form.querySelector(`#${CSS.escape(`field-${name}`)}`);
    const item = document.createElement("li");
    item.dataset.about = name;
    if (target) {
      const field = form.querySelector(`[data-field="${CSS.escape(name)}"]`);
      const words = (field.dataset.name ?? field.querySelector("legend, .phb-label").textContent).trim();
      const link = document.createElement("a");
      link.href = `#${target.id}`;
      link.textContent = `“${words.length > 70 ? `${words.slice(0, 67)}…` : words}” ${problem}`;
      link.addEventListener("click", (event) => {
        event.preventDefault();
        (target.matches("fieldset") ? (target.querySelector("input, select") ?? target) : target).focus();
      });
      const folded = target.closest("details");
      if (folded) folded.open = true;
      item.append(link);
      const place = form.querySelector(`#${CSS.escape(`error-${name}`)}`);
      place.textContent = `This ${problem}`;
      place.hidden = false;
      (target.matches("fieldset") ? target.querySelectorAll("input, select") : [target]).forEach((control) =>
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

/** Take back what was said of a field once it is touched again. */
function clearError(form, control) {
  const field = control.closest("[data-field]");
  if (!field) return;
  clearErrorOf(form, field, control.name.includes(".") ? control.name : field.dataset.field);
  const together = control.closest("[data-together]");
  if (!together) return;
  clearErrorOf(form, together, together.dataset.field);
  for (const mate of together.querySelectorAll("select")) {
    if (mate.value) clearErrorOf(form, mate.closest("[data-field]"), mate.name);
  }
}

/** @param {HTMLFormElement} form @param {Element} field @param {string} about the name the error goes by */
function clearErrorOf(form, field, about) {
  const name = CSS.escape(about);
  const place = form.querySelector(`#error-${name}`);
  if (!place || place.hidden) return;
  place.hidden = true;
  for (const each of field.querySelectorAll("[aria-invalid]")) each.removeAttribute("aria-invalid");
  form.querySelector(`.phb-errors [data-about="${name}"]`)?.remove();
  const summary = form.querySelector(".phb-errors");
  if (!summary.querySelector("li")) summary.hidden = true;
}

function offerFile(reply, buffers) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([buffers[0]], { type: reply.type }));
  link.download = reply.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function copyText(from, back, say) {
  try {
    await navigator.clipboard.writeText(from.value);
    say("Copied");
  } catch {
    from.select();
    const copied = document.execCommand("copy");
    if (copied) back.focus();
    say(copied ? "Copied" : "The text is selected: copy it with your keyboard");
  }
}

/** @param {{model: any, el: HTMLElement, signal?: AbortSignal}} context */
function render({ model, el }) {
  /** @type {Map<string, {done: (reply: any, buffers: DataView[]) => void, late: number}>} */
  const waiting = new Map();
  let pause = 0;
  let asking = false;
  let askAgain = null;
  let shown = {};
  let drawnOpen = new Map();
  /** @type {Map<string, {ticket: string, drawn: object, saving: boolean, held: object | null}>} */
  const forms = new Map();

  const say = (text, kind = "note") => {
    tell(el, "status", { text, kind });
    const line = el.querySelector(".phb-status");
    if (line) line.textContent = text;
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
    askAgain = null;
    const name = nameOf(form);
    const about = forms.get(name);
    about.saving = true;
    const button = form.querySelector("button[type=submit]");
    const words = button.textContent;
    button.setAttribute("aria-disabled", "true");
    button.textContent = "Saving…";
    say("Saving…");
    let now = form; // another drawing of it may have come meanwhile
    const ready = () => {
      about.saving = false;
      now = form.isConnected ? form : restore(name, about.held ?? {});
      about.held = null;
      button.removeAttribute("aria-disabled");
      button.textContent = words;
    };
    send(
      { do: "save", form: form.dataset.step, ticket: about.ticket, values: valuesOf(form) },
      (reply) => {
        if (reply.did === "saved") about.held = null;
        ready();
        if (reply.did === "saved") {
          about.ticket = newTicket();
          if (form.isConnected) about.drawn = valuesOf(form);
          say(`Saved at ${reply.at}`, "saved");
          tell(el, "saved", { step: model.get("step"), next: reply.next, at: reply.at });
          return;
        }
        if (now?.isConnected) {
          say("Not saved yet", "trouble");
          showErrors(now, reply.problems);
        } else {
          say(Object.values(reply.problems).join(" "), "trouble");
        }
      },
      () => {
        ready();
        const problem = "The server has not answered. Your answers are still on this page: try again.";
        say("Not saved yet", "trouble");
        if (now?.isConnected) showErrors(now, { "": problem });
        tell(el, "lost");
      },
    );
  }

  /** One draft travels at a time, so that a slider being moved asks as fast as it is answered. */
  function keepDraft(form) {
    if (asking) {
      askAgain = form;
      return;
    }
    asking = true;
    const ended = () => {
      asking = false;
      const next = askAgain;
      askAgain = null;
      if (next?.isConnected) keepDraft(next);
    };
    const kept = (reply) => {
      ended();
      if (form.querySelector("button[aria-disabled]")) return;
      if (reply.did !== "kept") return say(Object.values(reply.problems).join(" "), "trouble");
      if (reply.at) tell(el, "draft", { at: reply.at });
      if (reply.line) showEffect(reply);
    };
    send({ do: "draft", ticket: newTicket(), values: valuesOf(form) }, kept, () => {
      ended();
      tell(el, "lost");
    });
  }

  /** Show what a plan does, touching only what changed, so that less is read aloud. */
  function showEffect(reply) {
    const line = el.querySelector(".phb-line");
    const cards = el.querySelector(".phb-live");
    if (shown.line !== reply.line) line.innerHTML = reply.line;
    if (shown.cards !== reply.cards) {
      const open = new Set([...cards.querySelectorAll("details[open]")].map((part) => part.dataset.rule));
      cards.innerHTML = reply.cards;
      for (const part of cards.querySelectorAll("details")) part.open = open.has(part.dataset.rule);
    }
    shown = reply;
  }

  const nameOf = (form) => `${form.dataset.step}-${[...el.querySelectorAll("form")].indexOf(form)}`;

  function wireForm(form) {
    const name = nameOf(form);
    const about = forms.get(name) ?? { ticket: newTicket(), drawn: {}, saving: false, held: null };
    about.drawn = valuesOf(form);
    forms.set(name, about);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!form.querySelector("button[aria-disabled]")) save(form);
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
    });
    form.addEventListener("input", (event) => {
      clearTimeout(pause);
      clearError(form, event.target);
      if (event.target.type === "range") showSlide(event.target);
      const typed = event.target.matches("textarea, input[type=text]");
      const typing = event.target.matches(".phb-number") ? NUMBER_PAUSE_MS : TYPING_PAUSE_MS;
      pause = setTimeout(() => keepDraft(form), typed ? typing : 0);
    });
  }

  function wire() {
    const status = document.createElement("p");
    status.className = "phb-status";
    if (document.getElementById("phb-status")) status.setAttribute("aria-hidden", "true");
    else status.setAttribute("role", "status");
    (el.querySelector(".phb-go") ?? el.firstElementChild)?.append(status);
    const aside = el.querySelector(".phb-aside");
    if (aside) aside.tabIndex = getComputedStyle(aside).overflowY === "auto" ? 0 : -1;
    for (const form of el.querySelectorAll("form")) wireForm(form);
    for (const control of el.querySelectorAll("[data-do]")) {
      control.addEventListener("click", () => {
        if (control.dataset.do === "copy") {
          copyText(el.querySelector(`#${CSS.escape(control.dataset.from)}`), control, say);
        } else {
          const asked = { do: control.dataset.do, what: control.dataset.what, ticket: newTicket() };
          send(asked, (reply, buffers) => {
            if (reply.did === "download") {
              offerFile(reply, buffers);
              say(`Downloaded ${reply.name}`);
            }
            if (reply.did === "revising") {
              say(reply.words ?? "You can change the plan");
              el.querySelector("fieldset")?.focus();
            }
            if (reply.did === "refused") say(Object.values(reply.problems).join(" "), "trouble");
          });
        }
      });
    }
  }

  /** What was typed since the forms were drawn and is not saved, by form. */
  function typed() {
    const found = new Map();
    for (const form of el.querySelectorAll("form")) {
      const { drawn } = forms.get(nameOf(form));
      const changes = {};
      for (const [name, value] of Object.entries(valuesOf(form))) {
        const before = drawn[name];
        if (!Array.isArray(value)) {
          if (value !== before) changes[name] = value;
          continue;
        }
        const moved = [...value.filter((each) => !before.includes(each)), ...before.filter((each) => !value.includes(each))];
        if (moved.length) changes[name] = moved.map((each) => [each, value.includes(each)]);
      }
      if (Object.keys(changes).length) found.set(nameOf(form), changes);
    }
    return found;
  }

  /** A selector that finds a control again after its part was drawn anew. */
  function placeOf(control) {
    if (control.id) return `#${CSS.escape(control.id)}`;
    const step = control.closest("form")?.dataset.step;
    const inside = step ? `form[data-step="${CSS.escape(step)}"] ` : "";
    if (control.name) {
      const value = control.type === "radio" || control.type === "checkbox" ? `[value="${CSS.escape(control.value)}"]` : "";
      return `${inside}[name="${CSS.escape(control.name)}"]${value}`;
    }
    if (control.type === "submit") return `${inside}button[type=submit]`;
    return control.matches("summary") ? `${inside}summary` : "";
  }

  const formOf = (name) => [...el.querySelectorAll("form")].find((each) => nameOf(each) === name);

  /** Put back what was typed; hidden fields say what is kept on the server and stay as drawn. */
  function restore(name, values) {
    const form = formOf(name);
    for (const control of form?.elements ?? []) {
      if (!(control.name in values) || control.type === "hidden") continue;
      const value = values[control.name];
      if (control.type === "checkbox") control.checked = new Map(value).get(control.value) ?? control.checked;
      else if (control.type === "radio") control.checked = control.value === value;
      else control.value = value;
      if (control.type === "range") showSlide(control);
    }
    return form;
  }

  /** Put back what was typed, or keep it until its form is there again, and say so. */
  function putBack(name, about, values, seenBefore) {
    const form = formOf(name);
    if (!form) {
      about.held = values;
      const texts = Object.values(values).filter((value) => typeof value === "string" && value.trim().length > 1);
      if (texts.length) tell(el, "unsaved", { texts });
      return;
    }
    const changed = about.drawn.seen !== seenBefore;
    const once = changed ? (form.dataset.once ?? "").split(" ") : [];
    const kept = Object.fromEntries(Object.entries(values).filter(([field]) => !once.includes(field)));
    restore(name, kept);
    const words = "Another window changed this part. What you typed is kept: look at both before you save.";
    if (changed) say(form.dataset.changed ?? words, "trouble");
  }

  /** Draw again without losing what is being typed, what was folded by hand or where the focus is. */
  function redraw() {
    const kept = typed();
    const seenBefore = new Map([...kept.keys()].map((name) => [name, forms.get(name).drawn.seen]));
    const active = el.contains(document.activeElement) ? document.activeElement : null;
    const focused = active && placeOf(active);
    const place = active?.matches("textarea, input[type=text]") ? active.selectionStart : null;
    const folds = [...el.querySelectorAll("details")].filter((part) => part.open !== drawnOpen.get(summaryOf(part)));
    const moved = new Map(folds.map((part) => [summaryOf(part), part.open]));
    draw();
    for (const part of el.querySelectorAll("details")) part.open = moved.get(summaryOf(part)) ?? part.open;
    for (const [name, values] of kept) {
      const about = forms.get(name);
      if (about.saving) about.held = values;
      else putBack(name, about, values, seenBefore.get(name));
    }
    for (const [name, about] of forms) {
      if (!about.held || about.saving || kept.has(name)) continue;
      if (restore(name, about.held)) about.held = null;
    }
    const again = focused && el.querySelector(focused);
    if (!again) return active && el.querySelector("h2, h3")?.focus({ preventScroll: true });
    again.focus({ preventScroll: true });
    if (place !== null) again.setSelectionRange(place, place);
  }

  const summaryOf = (part) => part.querySelector("summary")?.textContent;

  function draw() {
    clearTimeout(pause);
    el.classList.add("phb");
    el.innerHTML = model.get("html");
    drawnOpen = new Map([...el.querySelectorAll("details")].map((part) => [summaryOf(part), part.open]));
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

  model.on("change:html", redraw);
  model.on("msg:custom", receive);
  requestAnimationFrame(draw);
  return () => {
    clearTimeout(pause);
    model.off("change:html", redraw);
    model.off("msg:custom", receive);
  };
}

export default { render };
