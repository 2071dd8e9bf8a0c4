// Tells of what happens to whoever listens.

export class Emitter {
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
