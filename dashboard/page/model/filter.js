/**
 * What is typed into the filter, and which shards it means.
 *
 * Words are all to be true: `12`, `40-63`, `backing`, `worker:1`, `cluster:2`, `trouble`, `queued`, `error`, the id
 * of a guild, or any text of the reason or the last error.
 *
 * @module
 */

import { troubles } from "./shards.js";

/** @typedef {import("../../words.ts").DashboardShard} Shard */
/** @typedef {import("../../../protocol/status.ts").GuildLimit} GuildLimit */
/** @typedef {(shard: Shard, limit: GuildLimit) => boolean} Test */

/** What can be typed, for who asks. */
export const FILTER_HELP =
  "An id (12), a range (40-63), a state, worker:1, cluster:2, trouble, waiting, error, a guild's id, or words of the reason";

/**
 * The test that a shard has to pass; `null`: nothing is typed, all do.
 *
 * @param {string} typed
 * @returns {Test | null}
 */
export function filterOf(typed) {
  const tests = typed.trim().toLowerCase().split(/\s+/).filter(Boolean).map(testOf);
  return tests.length === 0 ? null : (shard, limit) => tests.every((test) => test(shard, limit));
}

/** @type {readonly (readonly [RegExp, (...parts: string[]) => Test])[]} */
const WORDS = [
  // An id of Discord's has 17 digits and more: the guild's shard is meant, of each total.
  [/^(\d{15,})$/, (guild = "") => {
    const number = BigInt(guild) >> 22n;
    return ({ shardId, totalShards }) => BigInt(shardId) === number % BigInt(totalShards);
  }],
  [/^#?(\d+)$/, (id) => ({ shardId }) => shardId === Number(id)],
  [
    /^(\d+)-(\d+)$/,
    (from, to) => ({ shardId }) => shardId >= Number(from) && shardId <= Number(to),
  ],
  [/^(\d+)\/(\d+)$/, (id, total) => ({ key }) => key === `${Number(id)}/${Number(total)}`],
  [/^worker:(\d+)$/, (id) => ({ workerId }) => workerId === Number(id)],
  [/^cluster:(\d+)$/, (id) => ({ clusterId }) => clusterId === Number(id)],
  [/^troubles?$/, () => (shard, limit) => troubles(shard, limit).length > 0],
  [/^waiting$/, () => ({ queued }) => queued > 0],
  [/^errors?$/, () => ({ lastError }) => lastError !== null],
];

/**
 * @param {string} word
 * @returns {Test}
 */
function testOf(word) {
  for (const [pattern, test] of WORDS) {
    const parts = pattern.exec(word);
    if (parts) return test(...parts.slice(1));
  }
  return ({ state, reason, role, lastError }) =>
    [state, role, reason, lastError?.text ?? ""].some((text) => text.toLowerCase().includes(word));
}
