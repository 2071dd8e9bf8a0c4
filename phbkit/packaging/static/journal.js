// What is kept on this device, in IndexedDB: attempts, their events, drafts, and pages as they were last shown.

const NAME = "phbkit";
const VERSION = 1;
const OF_ATTEMPTS = { events: "seq", drafts: "step", pages: "step" }; // stores of what belongs to one, by what they number

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** @returns {Promise<IDBDatabase>} rejected where the browser keeps nothing */
export function openJournal() {
  const request = indexedDB.open(NAME, VERSION);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("attempts", { keyPath: "id" });
    for (const [store, number] of Object.entries(OF_ATTEMPTS)) {
      request.result.createObjectStore(store, { keyPath: ["attempt", number] });
    }
  };
  return done(request);
}

/** Wait until everything that was asked in a transaction is on the device. */
export const committed = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error ?? new Error("aborted"));
  });

const strict = (journal, stores) => journal.transaction(stores, "readwrite", { durability: "strict" });

/** Everything of one attempt in a store. */
export const ofAttempt = (attempt, from = 0) => IDBKeyRange.bound([attempt, from], [attempt, []]);

/** @returns {Promise<object[]>} all attempts, the latest first */
export async function attempts(journal) {
  const all = await done(journal.transaction("attempts").objectStore("attempts").getAll());
  return all.sort((a, b) => b.started - a.started);
}

/** Begin an attempt at a case. */
export async function begin(journal, about) {
  const attempt = { id: newId(), started: Date.now(), ...about };
  const writing = strict(journal, ["attempts"]);
  writing.objectStore("attempts").add(attempt);
  await committed(writing);
  return attempt;
}

/** Read what is kept of an attempt: `events`, `drafts` and `pages`. */
export async function read(journal, attempt) {
  const stores = Object.keys(OF_ATTEMPTS);
  const reading = journal.transaction(stores);
  const found = stores.map((store) => done(reading.objectStore(store).getAll(ofAttempt(attempt))));
  const [events, drafts, pages] = await Promise.all(found);
  return { events, drafts, pages };
}

/**
 * Let something be written in one transaction: `decide` is given the events after number `known`, and returns, at
 * once, what to keep, by store. It is kept when the promise resolves.
 */
export async function write(journal, attempt, known, decide) {
  const writing = strict(journal, ["attempts", ...Object.keys(OF_ATTEMPTS)]);
  const ended = committed(writing);
  const reading = writing.objectStore("events").getAll(ofAttempt(attempt, known + 1));
  reading.onsuccess = () => {
    try {
      for (const [store, kept] of Object.entries(decide(reading.result))) {
        for (const each of kept) writing.objectStore(store).put({ ...each, ...(store === "attempts" ? {} : { attempt }) });
      }
    } catch {
      try {
        writing.abort();
      } catch {
        // it was aborted already
      }
    }
  };
  await ended;
}

/** Erase everything. */
export async function erase(journal) {
  journal.close();
  await done(indexedDB.deleteDatabase(NAME));
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
