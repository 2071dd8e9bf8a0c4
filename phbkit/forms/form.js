// One step of a module. The kernel renders the HTML; this file sends what is typed and shows the reply.

const PATIENCE_MS = 10_000;
const AGAIN_MS = 3_000; // between tries while the answers cannot be kept
const TYPING_PAUSE_MS = 600;
const KEPT = "phb:typed:"; // then the attempt, the step and the place of its form
const KEPT_MS = 86_400_000;
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

/** What `values` change about `before`, by field; of ticks, those that moved. */
function changesTo(before, values) {
  const changes = {};
  for (const [name, value] of Object.entries(values)) {
    const old = before[name];
    if (!Array.isArray(value)) {
      if (value !== old) changes[name] = value;
      continue;
    }
    const moved = [...value.filter((each) => !old.includes(each)), ...old.filter((each) => !value.includes(each))];
    if (moved.length) changes[name] = moved.map((each) => [each, value.includes(each)]);
  }
  return changes;
}

/** @returns {Storage | null} what this device keeps, or what lasts as long as this tab, where the browser allows it */
function storageOf(device) {
  try {
    return device ? window.localStorage : window.sessionStorage;
  } catch {
    return null;
  }
}

/** Whether what was kept is older than a day. */
const isOld = (kept) => Date.now() - (JSON.parse(kept).at ?? 0) > KEPT_MS;

/** Write beside a slider what it stands at; it says so itself to who does not see it. */
function showSlide(slider) {
  const place = slider.parentElement.querySelector(".phb-slid");
  if (place) place.textContent = slider.value;
}

/** Tell the page around the form, if there is one. */
function tell(el, name, detail) {
  el.dispatchEvent(new CustomEvent(`phb:${name}`, { bubbles: true, detail }));
}

/** The parts of a form, each a list of its children: every question, and the fields between two of them together. */
function partsOf(form) {
  const parts = [];
  let lead = []; // what introduces the part to come
  let fields = null;
  for (const child of form.querySelectorAll(":scope > :not(.phb-errors, .phb-go)")) {
    const asks = child.matches(".phb-question:not(.phb-answered)");
    lead.push(child);
    if (!asks && !child.matches("fieldset, .phb-field, .phb-columns, :has(fieldset, .phb-field)")) continue;
    if (asks || !fields) parts.push([]);
    parts.at(-1).push(...lead);
    fields = asks ? null : parts.at(-1);
    lead = [];
  }
  parts.at(-1)?.push(...lead);
  return parts;
}

/** Show one part of a form at a time where the screen is small: `data-at` says which, at first that of `first`. */
function oneAtATime(form, first) {
  const parts = partsOf(form);
  if (parts.length < 2 || !matchMedia("(max-width: 40rem)").matches) return;
  const what = form.querySelector(":scope > :is(fieldset, .phb-field, .phb-columns)") ? "part" : "question";
  const bar = document.createElement("div");
  bar.className = "phb-go phb-turns";
  const button = (words, way) => {
    const made = document.createElement("button");
    Object.assign(made, { type: "button", className: `phb-button${way < 0 ? " phb-quiet" : ""}`, textContent: words });
    const rest = document.createElement("span");
    Object.assign(rest, { className: "phb-hidden", textContent: ` ${what}` });
    made.append(rest);
    made.addEventListener("click", () => show(Number(form.dataset.at) + way, true));
    return made;
  };
  const place = document.createElement("span");
  const [back, on] = [button("Previous", -1), button("Next", 1)];
  bar.append(on, back, place);
  form.querySelector(":scope > .phb-go").before(bar);
  function show(at, moved) {
    form.dataset.at = at;
    parts.forEach((part, index) => part.forEach((each) => each.classList.toggle("phb-elsewhere", index !== at)));
    place.textContent = `${what === "part" ? "Part" : "Question"} ${at + 1} of ${parts.length}`;
    back.hidden = at === 0;
    on.hidden = at === parts.length - 1;
    form.classList.toggle("phb-last", on.hidden);
    if (!moved) return;
    const begins = parts[at].map((each) => (each.matches("h3, h4") ? each : each.querySelector("h3, h4, fieldset, textarea, input"))).find(Boolean);
    begins.tabIndex = -1;
    begins.focus({ preventScroll: true });
    parts[at][0].scrollIntoView({ block: "start" });
  }
  const partOf = (field) => parts.findIndex((part) => part.some((each) => each.contains(field)));
  form.addEventListener("phb:turn", ({ target }) => form.dataset.at && show(partOf(target)));
  show(Math.max(0, partOf(first)));
}

/** Show the whole of a form, where it showed one question at a time. */
function allAtOnce(form) {
  delete form.dataset.at;
  form.querySelector(".phb-turns")?.remove();
}

/** Say how long a step takes to read and answer, from what is in sight. */
function sayMinutes(el) {
  const place = el.querySelector("[data-minutes]");
  if (!place) return;
  const sight = el.cloneNode(true);
  for (const part of sight.querySelectorAll("details:not([open]) > :not(summary), .phb-hidden, option, .phb-lead, .phb-foot, .phb-go, .phb-when-in, .phb-waits")) part.remove();
  const words = sight.textContent.trim().split(/\s+/).length;
  const seconds = (60 * words) / 238 + 5 * sight.querySelectorAll("fieldset").length + 30 * sight.querySelectorAll("textarea").length;
  place.textContent = ` · about ${Math.ceil(seconds / 60)} min`;
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
  allAtOnce(form);
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
      link.textContent = `“${words.length > 70 ? `${words.slice(0, 67).replace(/\s+\S*$/, "")} …` : words}” ${problem}`;
      link.addEventListener("click", (event) => {
        event.preventDefault();
        (target.matches("fieldset") ? (target.querySelector("input, select") ?? target) : target).focus();
      });
      for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
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

/** Offer to keep what could identify somebody, as it was found; typed on, it is looked at again. */
function offerKeep(form, stamp) {
  const box = form.querySelector(".phb-keep");
  if (!box) return;
  const tick = box.querySelector("input");
  tick.value = stamp ?? "";
  tick.checked = false;
  box.hidden = !stamp;
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
  const attempt = model.get("attempt");
  const storage = attempt ? storageOf(model.get("device")) : null;
  let connection = document.body.dataset.connection ?? "connected";
  let leaving = false;
  let pause = 0;
  let asking = false;
  const askNext = new Set();
  let shown = {};
  let drawnOpen = new Map();
  /**
   * What was pressed and is not answered yet; `changed` when the form was typed into since, and what
   * it was `left` with and `drawn` with, where it was drawn anew meanwhile.
   * @typedef {{message: object, form: HTMLFormElement, changed: boolean, again: number,
   *   left?: object, drawn?: object}} Pressed
   *
   * By form: how often it was typed into, whether the server lacks some of that (`behind`), whether
   * what was pressed went out (`sent`), what the button says meanwhile (`words`), and the names of
   * the fields that were `touched` here since it was last saved: a draft changes no others.
   * @typedef {{name: string, ticket: string, drawn: object, pressed: Pressed | null, sent: boolean,
   *   held: object | null, typed: number, behind: boolean, words: string | null, touched: Set<string>}} About
   * @type {Map<string, About>}
   */
  const forms = new Map();

  /** Forget what was typed: all of it, or what a name begins with. */
  function forget(only = KEPT) {
    for (const key of Object.keys(storage ?? {})) if (key.startsWith(only)) storage.removeItem(key);
  }

  /** Forget what another attempt left behind, and what is old. */
  function forgetOthers() {
    for (const key of Object.keys(storage ?? {})) {
      if (key.startsWith(KEPT) && (!key.startsWith(`${KEPT}${attempt}:`) || isOld(storage[key]))) storage.removeItem(key);
    }
  }

  const say = (text, kind = "note") => {
    tell(el, "status", { text, kind });
    const line = el.querySelector(".phb-status");
    if (!line) return;
    line.textContent = text;
    line.dataset.kind = kind;
  };

  /** What stands beside a button is about that button, and no longer true once more is typed. */
  function endSaved() {
    const line = el.querySelector(".phb-status[data-kind=saved]");
    if (line) line.textContent = "";
  }

  /** Send a message; `done` gets its reply, `tooLong` is called when none has come in time. */
  function send(message, done, tooLong = () => {}) {
    clearTimeout(waiting.get(message.ticket)?.late);
    waiting.set(message.ticket, { done, late: setTimeout(tooLong, PATIENCE_MS) });
    model.send(message);
  }

  /** A button was pressed: its form is sent now, or once when the connection is back. */
  function save(form) {
    clearTimeout(pause);
    const about = forms.get(nameOf(form));
    askNext.delete(about);
    const message = { do: "save", form: form.dataset.step, ticket: about.ticket, values: valuesOf(form) };
    about.pressed = { message, form, changed: false, again: 0 };
    if (connection === "lost") return giveUp(about);
    sendPressed(about);
  }

  function sendPressed(about) {
    const { pressed } = about;
    clearTimeout(pressed.again);
    if (connection !== "connected") return wait(about, document.body.dataset.waits ?? "network");
    about.sent = true;
    keep(about);
    label(about, "Saving…");
    say("Saving…");
    send(
      pressed.message,
      (reply) => settle(about, reply),
      () => {
        if (about.pressed !== pressed) return;
        wait(about, "server");
        tell(el, "silent");
      },
    );
  }

  /** Say of what was pressed that it is not saved yet, and what it waits for. */
  function wait(about, what, why = `waiting for the ${what}.`) {
    label(about, `Waiting for the ${what}…`);
    say(`Not saved yet: ${why}`, "trouble");
  }

  /** Take the answer to what was pressed. */
  function settle(about, reply) {
    const { message, form, changed } = about.pressed;
    if (reply.did === "later") {
      wait(about, "server", reply.problems[""]);
      about.pressed.again = setTimeout(() => sendPressed(about), AGAIN_MS);
      return;
    }
    const saved = reply.did === "saved";
    const { keep: stamp, ...problems } = reply.problems ?? {};
    if (saved && form.isConnected) about.drawn = message.values;
    letGo(about, saved);
    about.sent = false;
    if (saved) {
      about.ticket = newTicket();
      about.behind = false;
      about.touched.clear();
      forget(reply.finished ? KEPT : keyOf(about));
      const later = typed().get(about.name);
      if (later) {
        keep(about);
        stillTyped(about, later);
      }
      const more = changed ? ", as it was when you pressed. What you changed after that is not." : "";
      const many = reply.stopped === 1 ? "1 critical error" : `${reply.stopped} critical errors`;
      if (reply.stopped) say(`Kept at ${reply.at}. Stopped: ${many} to put right`, "stopped");
      else say(`Saved at ${reply.at}${more}`, "saved");
      if (form.dataset.step === "stage") endSaved(); // another button stands there now
      tell(el, "saved", { step: model.get("step"), next: reply.next, at: reply.at });
    } else if (formOf(about.name)) {
      say("Not saved yet", "trouble");
      showErrors(formOf(about.name), problems);
      offerKeep(formOf(about.name), stamp);
      about.behind = true;
      keepDraft(about);
    } else {
      say(Object.values(problems).join(" "), "trouble");
    }
  }

  /** Nothing is pressed any more: what its form held when it was drawn anew, and is not saved, stands there again. */
  function letGo(about, saved) {
    const { message, left, drawn } = about.pressed;
    label(about, null);
    about.pressed = null;
    const lost = left ? changesTo(saved ? message.values : drawn, left) : {};
    if (Object.keys(lost).length) putBack(about.name, about, { ...lost, ...typed().get(about.name) }, about.drawn.seen);
  }

  /** What is typed and not saved goes to the server as a draft. */
  function stillTyped(about, values) {
    for (const field of Object.keys(values)) about.touched.add(field);
    about.behind = true;
    keepDraft(about);
  }

  /** This page can save nothing any more. */
  function giveUp(about) {
    letGo(about, false);
    keep(about);
    about.behind = true;
    const kept = storage ? "Once this page is open again, what you typed is put back." : "Copy what you typed, then open the page again.";
    say(`Not saved. ${kept}`, "trouble");
  }

  /** Take back what was pressed and has not gone out: it is being changed. */
  function takeBack(about) {
    letGo(about, false);
    say("Not saved yet: you changed it. Press the button again.", "trouble");
  }

  /** Have the button of a form say what is going on; null gives it its own words back. */
  function label(about, words) {
    about.words = words;
    const button = formOf(about.name)?.querySelector("button[type=submit]");
    if (!button) return;
    button.parentElement.append(el.querySelector(".phb-status"));
    button.dataset.words ??= button.textContent;
    button.textContent = words ?? button.dataset.words;
    if (words) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }

  const keyOf = ({ name }) => `${KEPT}${attempt}:${name}`;

  /** Keep in this browser what is typed into a form, until the server has it. */
  function keep(about) {
    const { ticket, drawn, name, pressed } = about;
    const sent = about.sent && (!pressed || pressed.form.isConnected); // else this is typed after what was sent
    const values = typed().get(name);
    if (!storage || !values) return forget(keyOf(about));
    try {
      storage.setItem(keyOf(about), JSON.stringify({ values, sent, ticket, seen: drawn.seen, at: Date.now() }));
    } catch {
      // a full or forbidden storage: the page itself still has it
    }
  }

  /** Put back, once, what was typed before the page was opened again; what went out keeps its ticket. */
  function bringBack(about) {
    const kept = !about.brought && storage?.getItem(keyOf(about));
    about.brought = true;
    if (!kept) return;
    const { values, sent, ticket, seen } = JSON.parse(kept);
    putBack(about.name, about, values, seen);
    if (!typed().has(about.name)) return forget(keyOf(about)); // it was saved after all
    if (sent) about.ticket = ticket;
    for (const control of formOf(about.name).elements) {
      if (!(control.name in values)) continue;
      for (let fold = control.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    }
    tell(el, "restored");
    stillTyped(about, values);
  }

  /** Forget what was sent from here when its step turns out to be answered. */
  function forgetAnswered() {
    for (const key of Object.keys(storage ?? {})) {
      const isOurs = key.startsWith(`${KEPT}${attempt}:${model.get("step")}-`);
      if (isOurs && !formOf(key.slice(`${KEPT}${attempt}:`.length)) && JSON.parse(storage[key]).sent) {
        storage.removeItem(key);
      }
    }
  }

  /** One draft travels at a time, so that a slider being moved asks as fast as it is answered. */
  function keepDraft(about) {
    askNext.delete(about);
    const form = formOf(about.name);
    if (!form || about.pressed || connection !== "connected") return;
    if (asking) {
      askNext.add(about);
      return;
    }
    asking = true;
    const ended = () => {
      asking = false;
      for (const next of [...askNext]) keepDraft(next);
    };
    const { typed: asOf } = about;
    const kept = (reply) => {
      ended();
      if (about.pressed) return;
      if (reply.did === "later") {
        say(`Draft not kept yet: ${reply.problems[""]}`, "trouble");
        clearTimeout(pause);
        pause = setTimeout(() => keepDraft(about), AGAIN_MS);
        return;
      }
      if (reply.did !== "kept") return say(Object.values(reply.problems).join(" "), "trouble");
      if (reply.at) {
        if (about.typed === asOf) {
          about.behind = false;
          forget(keyOf(about));
        }
        tell(el, "draft", { at: reply.at });
      }
      if (reply.line) showEffect(reply);
    };
    const draft = { do: "draft", ticket: newTicket(), values: valuesOf(form), touched: [...about.touched] };
    send(draft, kept, () => {
      ended();
      tell(el, "silent");
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
    const fresh = { name, ticket: newTicket(), pressed: null, sent: false, held: null, typed: 0, behind: false, touched: new Set() };
    const about = forms.get(name) ?? fresh;
    about.drawn = valuesOf(form);
    forms.set(name, about);
    if (about.words) label(about, about.words);
    oneAtATime(form, el.querySelector(".phb-stopped") && form.querySelector(":scope > .phb-question:not(.phb-answered)"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!about.pressed) save(form);
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
    });
    form.addEventListener("input", (event) => {
      clearTimeout(pause);
      clearError(form, event.target);
      endSaved();
      if (event.target.name !== "keep") offerKeep(form);
      if (event.target.type === "range") showSlide(event.target);
      about.typed += 1;
      about.touched.add(event.target.name);
      about.behind = true;
      if (about.pressed && about.sent) about.pressed.changed = true;
      else if (about.pressed) takeBack(about);
      keep(about);
      const typing = event.target.matches(".phb-number") ? NUMBER_PAUSE_MS : TYPING_PAUSE_MS;
      const slow = event.target.matches("textarea, input[type=text]");
      pause = setTimeout(() => keepDraft(about), slow ? typing : 0);
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
    for (const form of el.querySelectorAll("form")) bringBack(forms.get(nameOf(form)));
    forgetAnswered();
    for (const link of el.querySelectorAll(".phb-stopped a[href^='#field-']")) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        const field = el.querySelector(`#${CSS.escape(link.hash.slice(1))}`);
        field?.dispatchEvent(new CustomEvent("phb:turn", { bubbles: true }));
        field?.scrollIntoView();
        (field?.querySelector("input") ?? field)?.focus();
      });
    }
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
            if (reply.problems) say(Object.values(reply.problems).join(" "), "trouble");
          });
        }
      });
    }
  }

  /** What was typed since the forms were drawn and is not saved, by form. */
  function typed() {
    const found = new Map();
    for (const form of el.querySelectorAll("form")) {
      const changes = changesTo(forms.get(nameOf(form)).drawn, valuesOf(form));
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
    for (const { name, pressed, drawn } of forms.values()) {
      if (!pressed?.form.isConnected) continue;
      Object.assign(pressed, { left: valuesOf(pressed.form), drawn });
      kept.delete(name);
    }
    draw();
    for (const part of el.querySelectorAll("details")) part.open = moved.get(summaryOf(part)) ?? part.open;
    for (const [name, values] of kept) putBack(name, forms.get(name), values, seenBefore.get(name));
    for (const [name, about] of forms) {
      if (!about.held || about.pressed || kept.has(name)) continue;
      if (restore(name, about.held)) about.held = null;
    }
    const again = focused && el.querySelector(focused);
    const latest = again || !active ? null : el.querySelector("[data-latest]");
    if (latest) return latest.scrollIntoView({ block: "start" }) ?? latest.focus({ preventScroll: true });
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
    if (el.querySelector("[data-finished]")) forget();
    sayMinutes(el);
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

  /** The page around says how the connection fares. */
  function follow({ detail }) {
    connection = detail.state;
    if (connection !== "connected") asking = false; // its answer may never come
    for (const about of forms.values()) {
      if (about.pressed && connection === "lost") giveUp(about);
      else if (about.pressed) sendPressed(about);
      else if (about.behind) keepDraft(about);
    }
  }

  /** Outside our own page, which shows one step at a time, a link to a step scrolls there. */
  function goTo(event) {
    const link = event.target.closest("a[data-go]");
    const step = link && document.querySelector(`.phb-step-${CSS.escape(link.dataset.go)}`);
    if (!step || document.body.matches(".phb-page")) return;
    event.preventDefault();
    step.scrollIntoView();
  }

  /** Whether leaving the page now would lose something. */
  function unsent() {
    const gone = connection !== "connected";
    return [...forms.values()].some((about) => about.pressed || (about.behind && gone && formOf(about.name)));
  }

  function warn(event) {
    if ((leaving && storage) || !unsent()) return;
    event.preventDefault();
  }

  const leave = () => {
    leaving = true;
  };

  forgetOthers();
  document.addEventListener("phb:connection", follow);
  document.addEventListener("phb:leaving", leave);
  document.addEventListener("phb:leave", warn); // where a page asks before others hear of it
  window.addEventListener("beforeunload", warn);
  el.addEventListener("click", goTo);
  model.on("change:html", redraw);
  model.on("msg:custom", receive);
  requestAnimationFrame(draw);
  return () => {
    clearTimeout(pause);
    model.off("change:html", redraw);
    model.off("msg:custom", receive);
    document.removeEventListener("phb:connection", follow);
    document.removeEventListener("phb:leaving", leave);
    document.removeEventListener("phb:leave", warn);
    window.removeEventListener("beforeunload", warn);
  };
}

export default { render };
