/**
 * What a screen reader is told of what happens to shards: one sentence for many changes.
 *
 * @module
 */

import { count, counted } from "./format.js";
import { STATE_ORDER } from "./shards.js";

/** @typedef {import("../../words.ts").DashboardShard} Shard */
/** @typedef {import("../../../protocol/status.ts").ShardState} ShardState */

/**
 * `2 shards are backing off, 1 shard is ready again. 997 of 1,000 shards are ready.` Empty: nothing changed.
 *
 * @param {ReadonlyMap<string, ShardState>} before State by key when it was told last.
 * @param {Iterable<Shard>} now
 */
export function announcement(before, now) {
  /** @type {Map<ShardState, string[]>} */
  const moved = new Map();
  let ready = 0;
  let all = 0;
  for (const { key, state, role } of now) {
    // Of those that rise or end the progress of the reshard tells.
    if (role !== "serves") continue;
    all++;
    if (state === "ready") ready++;
    const was = before.get(key);
    if (was !== undefined && was !== state) moved.set(state, [...moved.get(state) ?? [], key]);
  }
  if (moved.size === 0) return "";
  const parts = STATE_ORDER.toReversed().flatMap((state) => {
    const keys = moved.get(state);
    return keys === undefined ? [] : [sentence(state, keys)];
  });
  return `${parts.join(", ")}. ${count(ready)} of ${counted(all, "shard")} ${
    all === 1 ? "is" : "are"
  } ready.`;
}

/**
 * @param {ShardState} state
 * @param {string[]} keys
 */
function sentence(state, keys) {
  const [key] = keys;
  const who = keys.length === 1 ? `shard ${key?.split("/")[0]}` : counted(keys.length, "shard");
  return `${who} ${keys.length === 1 ? "is" : "are"} ${state}${state === "ready" ? " again" : ""}`;
}
