/**
 * What a screen reader is told of what happens: a few sentences for many changes.
 *
 * @module
 */

import { count, counted } from "./format.js";
import { STATE_ORDER } from "./shards.js";

/** @typedef {import("../../words.ts").DashboardShard} Shard */
/** @typedef {import("../../words.ts").Incident} Incident */
/** @typedef {import("../../../protocol/status.ts").ShardState} ShardState */

/** @type {Readonly<Record<Incident["level"], string>>} */
export const LEVEL_WORDS = { info: "Note", warn: "Warning", error: "Error" };
/** The worst first. */
const LEVELS = /** @type {const} */ (["error", "warn", "info"]);

/** What is told, and remembered so that it is told once. */
export class Announcements {
  /** @type {Map<string, ShardState>} State by key when it was told last. */
  #states = new Map();
  /** @type {Set<string> | null} `null`: those of before are not known yet, and no news. */
  #incidents = null;

  /**
   * Those that are new are known from now on: what becomes of them is told.
   *
   * @param {Iterable<Shard>} shards
   * @param {readonly Incident[]} incidents
   */
  meet(shards, incidents) {
    for (const { key, state } of shards) {
      if (!this.#states.has(key)) this.#states.set(key, state);
    }
    this.#incidents ??= new Set(incidents.map(nameOf));
  }

  /**
   * What has happened since the last time: `2 shards are backing off. Error: Worker 0 was lost. 998 of 1,000 shards
   * are ready.` Empty: nothing.
   *
   * @param {readonly Shard[]} shards
   * @param {readonly Incident[]} incidents The newest first.
   */
  next(shards, incidents) {
    const known = this.#incidents;
    const fresh = known === null ? [] : incidents.filter((each) => !known.has(nameOf(each)));
    const said = [movedWords(this.#states, shards), incidentWords(fresh)].filter(Boolean);
    this.#states = new Map(shards.map(({ key, state }) => [key, state]));
    this.#incidents = new Set(incidents.map(nameOf));
    return said.length === 0 ? "" : `${[...said, readyWords(shards)].join(". ")}.`;
  }
}

/**
 * An incident by its number and its time: a unit that was started again counts from one again.
 *
 * @param {Incident} incident
 */
function nameOf({ id, atMs }) {
  return `${id} ${atMs}`;
}

/**
 * `2 shards are backing off, shard 7 is ready again`: the worst first.
 *
 * @param {ReadonlyMap<string, ShardState>} before
 * @param {readonly Shard[]} now
 */
function movedWords(before, now) {
  /** @type {Map<ShardState, string[]>} */
  const moved = new Map();
  for (const { key, state } of now.filter(serves)) {
    const was = before.get(key);
    if (was !== undefined && was !== state) moved.set(state, [...moved.get(state) ?? [], key]);
  }
  return STATE_ORDER.toReversed().flatMap((state) => {
    const keys = moved.get(state);
    return keys === undefined ? [] : [stateWords(state, keys)];
  }).join(", ");
}

/**
 * Of those that rise or end the progress of the reshard tells.
 *
 * @param {Shard} shard
 */
function serves({ role }) {
  return role === "serves";
}

/**
 * @param {ShardState} state
 * @param {string[]} keys
 */
function stateWords(state, keys) {
  const [key] = keys;
  const who = keys.length === 1 ? `shard ${key?.split("/")[0]}` : counted(keys.length, "shard");
  return `${who} ${keys.length === 1 ? "is" : "are"} ${state}${state === "ready" ? " again" : ""}`;
}

/**
 * The worst, of several the newest, and how many more there are. What a person asked for was told when it was done.
 *
 * @param {readonly Incident[]} fresh The newest first.
 */
function incidentWords(fresh) {
  const news = fresh.filter(({ about, level }) => about !== "operator" || level !== "info");
  const worst = LEVELS.flatMap((level) => news.filter((each) => each.level === level))[0];
  if (worst === undefined) return "";
  const more = news.length === 1 ? "" : `, and ${counted(news.length - 1, "more incident")}`;
  return `${LEVEL_WORDS[worst.level]}: ${worst.text}${more}`;
}

/** @param {readonly Shard[]} shards */
function readyWords(shards) {
  const serving = shards.filter(serves);
  const ready = serving.filter(({ state }) => state === "ready").length;
  const { length: all } = serving;
  return `${count(ready)} of ${counted(all, "shard")} ${all === 1 ? "is" : "are"} ready`;
}
