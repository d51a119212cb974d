/**
 * The connection with the unit: what it tells, as it happens, and what it is asked for.
 *
 * @module
 */

import { EventReader } from "./model/server_events.js";

/** @typedef {import("../words.ts").DashboardAct} Act */
/** @typedef {import("../words.ts").ShardHistory} ShardHistory */

/** The unit says something every second; who is silent for so long is gone. */
const SILENCE_MS = 40_000;
const PAUSES_MS = [500, 1_000, 2_000, 4_000, 8_000];

/**
 * An address of the unit's, wherever the page was loaded from.
 *
 * @param {string} path
 */
const at = (path) => new URL(`../${path}`, import.meta.url);

/** One page's connection. It comes again by itself until a login is needed. */
export class Live {
  #store;
  #csrf = "";
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #abort = new AbortController();

  /** @param {import("./store.js").Store} store */
  constructor(store) {
    this.#store = store;
    // A computer that wakes up, or finds its network again, does not wait for the next try.
    addEventListener("online", () => this.retry());
    document.addEventListener("visibilitychange", () => !document.hidden && this.retry());
  }

  /** Connects now, unless it is. */
  retry() {
    if (this.#store.link === "lost") this.open();
  }

  /** Connects. */
  open() {
    clearTimeout(this.#timer);
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#read(this.#abort).catch((error) => {
      // What was ended by a newer one is no news.
      if (!(error instanceof Superseded)) this.#lose(error);
    });
  }

  /** @param {AbortController} abort */
  async #read(abort) {
    const isOld = () => abort !== this.#abort;
    const answer = await this.#answer(at("live"), { signal: abort.signal }, isOld);
    if (answer.status === 401) return this.#store.setLink("login");
    if (!answer.ok || answer.body === null) throw new Error(await problemOf(answer));
    const events = new EventReader();
    const decoder = new TextDecoder();
    const reader = answer.body.getReader();
    for (;;) {
      const silence = setTimeout(() => abort.abort(), SILENCE_MS);
      const { done, value } = await reader.read().catch((error) => {
        throw isOld() ? new Superseded() : error;
      }).finally(() => clearTimeout(silence));
      if (isOld()) throw new Superseded();
      if (done) throw new Error("the unit ended the connection");
      for (const event of events.read(decoder.decode(value, { stream: true }))) this.#take(event);
    }
  }

  /**
   * @param {URL} url
   * @param {RequestInit} init
   * @param {() => boolean} isOld
   */
  async #answer(url, init, isOld) {
    try {
      return await fetch(url, init);
    } catch {
      throw isOld() ? new Superseded() : new Error("the unit cannot be reached");
    }
  }

  /** @param {{ name: string, data: string }} event */
  #take({ name, data }) {
    if (name === "hello") {
      const { csrf, needsLogin } = JSON.parse(data);
      this.#csrf = csrf;
      this.#store.needsLogin = needsLogin;
    }
    if (name === "view") {
      this.#failures = 0;
      this.#store.takeView(JSON.parse(data));
      this.#store.setLink("live");
    }
    if (name === "change") this.#store.takeChange(JSON.parse(data));
  }

  /** @param {unknown} error */
  #lose(error) {
    this.#store.setLink("lost", error instanceof Error ? error.message : String(error));
    const pauseMs = PAUSES_MS[Math.min(this.#failures++, PAUSES_MS.length - 1)];
    this.#timer = setTimeout(() => this.open(), pauseMs);
  }

  /**
   * Has the unit do something.
   *
   * @param {Act} act
   * @throws {Error} With the unit's own words.
   */
  async act(act) {
    await this.#post("act", act);
  }

  /**
   * @param {string} secret
   * @throws {Error} When it is not the secret.
   */
  async login(secret) {
    await this.#post("login", { secret });
    this.open();
  }

  /** Ends the session of this browser. */
  async logout() {
    await this.#post("logout", {});
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#store.setLink("login");
  }

  /**
   * One shard's past.
   *
   * @param {string} key
   * @returns {Promise<ShardHistory>}
   */
  async history(key) {
    const answer = await fetch(at(`shards/${key.replace("/", "-")}`));
    if (answer.status === 401) this.#store.setLink("login");
    if (!answer.ok) throw new Error(await problemOf(answer));
    return await answer.json();
  }

  /**
   * @param {string} path
   * @param {object} body
   */
  async #post(path, body) {
    const answer = await fetch(at(path), {
      method: "POST",
      headers: { "content-type": "application/json", "x-gatehouse-dashboard": this.#csrf },
      body: JSON.stringify(body),
    }).catch(() => {
      throw new Error("the unit cannot be reached");
    });
    if (answer.status === 401 && path !== "login") this.#store.setLink("login");
    if (!answer.ok) throw new Error(await problemOf(answer));
  }
}

/** A connection was ended because there is a newer one. */
class Superseded extends Error {}

/**
 * What the unit says is wrong.
 *
 * @param {Response} answer
 */
async function problemOf(answer) {
  const text = await answer.text();
  try {
    return String(JSON.parse(text).error);
  } catch {
    return `the unit answered ${answer.status}`;
  }
}
