/**
 * What the page knows, and who is told when it becomes another.
 *
 * @module
 */

import { shardsByKey, takeShards, withChange } from "./model/change.js";
import { useEffect, useLayoutEffect, useState } from "./preact.js";

/** @typedef {import("../words.ts").DashboardView} View */
/** @typedef {import("../words.ts").DashboardChange} Change */
/** @typedef {import("../words.ts").DashboardShard} Shard */
/** @typedef {"opening" | "live" | "lost" | "login"} Link */

/**
 * Topics: a field of {@linkcode View}; `shard:<key>`, one shard; `shards`, any of them; `list`, some came or went;
 * `moment`, something came; `link`, the connection; `toasts`; `dialog`; `panel`, the shard that is open.
 */
export class Store {
  /** @type {View | null} Its shards are those of the start: see `shards`. */
  view = null;
  /** @type {Map<string, Shard>} In the order of total and id. */
  shards = new Map();
  /** @type {Link} */
  link = "opening";
  /** Since when the link is so, by this computer's clock. */
  linkSinceMs = Date.now();
  /** Why the link was lost. */
  lostBecause = "";
  /** Events per second of the busiest shard, rounded up, so that it seldom is another. */
  busiest = 1;
  needsLogin = false;
  /** Key of the shard whose details are open. @type {string | null} */
  open = null;
  /** What the unit's clock is ahead of this computer's. */
  #aheadMs = 0;
  /** @type {Map<string, Set<() => void>>} */
  #listeners = new Map();

  /** Now, by the unit's clock. */
  nowMs() {
    return Date.now() + this.#aheadMs;
  }

  /**
   * @param {string} topic
   * @param {() => void} listener
   * @returns {() => void} Ends it.
   */
  on(topic, listener) {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(topic);
    };
  }

  /** @param {string[]} topics */
  tell(...topics) {
    for (const topic of topics) this.#listeners.get(topic)?.forEach((listener) => listener());
  }

  /** @param {View} view */
  takeView(view) {
    this.view = view;
    this.shards = shardsByKey(view.shards);
    this.#measure(view.atMs);
    this.tell(
      ...Object.keys(view),
      ...[...this.shards.keys()].map((key) => `shard:${key}`),
      "list",
      "moment",
    );
  }

  /** @param {Change} change */
  takeChange(change) {
    if (this.view === null) return;
    const { changed, isOther } = takeShards(this.shards, change);
    this.view = withChange(this.view, change);
    this.#measure(change.atMs);
    const { atMs: _, moment: __, goneShards: ___, ...parts } = change;
    this.tell(...Object.keys(parts), ...changed.map((key) => `shard:${key}`));
    if (isOther) this.tell("shards", "list");
    this.tell("history", "moment");
  }

  /**
   * @param {Link} link
   * @param {string} [because]
   */
  setLink(link, because = "") {
    if (link === this.link && because === this.lostBecause) return;
    if (link !== this.link) this.linkSinceMs = Date.now();
    this.link = link;
    this.lostBecause = because;
    this.tell("link");
  }

  /** @param {string | null} key */
  setOpen(key) {
    this.open = key;
    this.tell("panel");
  }

  /** @param {number} atMs */
  #measure(atMs) {
    this.#aheadMs = atMs - Date.now();
    let most = 1;
    for (const { eventsPerSecond } of this.shards.values()) most = Math.max(most, eventsPerSecond);
    this.busiest = 2 ** Math.ceil(Math.log2(most));
  }
}

/**
 * Renders again whenever one of the topics is told.
 *
 * @param {Store} store
 * @param {string[]} topics
 */
export function useTopics(store, ...topics) {
  const [, again] = useState(0);
  // As it is drawn, and not some frames later: what is told in between would be missed.
  useLayoutEffect(() => {
    const ends = topics.map((topic) => store.on(topic, () => again((times) => times + 1)));
    return () => ends.forEach((end) => end());
  }, [store, topics.join()]);
}

/**
 * Renders again once a second or so: for times that pass.
 *
 * @param {number} everyMs
 */
export function useClock(everyMs) {
  const [, again] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => again((times) => times + 1), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}
