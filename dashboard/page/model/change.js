/**
 * What the page knows after a change has come.
 *
 * @module
 */

/** @typedef {import("../../words.ts").DashboardView} View */
/** @typedef {import("../../words.ts").DashboardChange} Change */
/** @typedef {import("../../words.ts").DashboardShard} Shard */

/** More are not kept. */
const MOST_INCIDENTS = 200;
const HISTORY_MS = 10 * 60_000;

/**
 * Shards by key, in the order of total and id.
 *
 * @param {readonly Shard[]} shards
 * @returns {Map<string, Shard>}
 */
export function shardsByKey(shards) {
  return new Map(shards.toSorted(inOrder).map((shard) => [shard.key, shard]));
}

/**
 * Brings changed shards in, into the map itself: 1,000 entries are not copied each second.
 *
 * @param {Map<string, Shard>} shards
 * @param {Change} change
 * @returns {{ changed: string[], isOther: boolean }} `isOther`: shards came or went.
 */
export function takeShards(shards, { shards: come = [], goneShards = [] }) {
  let isOther = false;
  for (const key of goneShards) isOther = shards.delete(key) || isOther;
  const isNew = come.some(({ key }) => !shards.has(key));
  for (const shard of come) shards.set(shard.key, shard);
  if (isNew) {
    const sorted = [...shards.values()].sort(inOrder);
    shards.clear();
    for (const shard of sorted) shards.set(shard.key, shard);
  }
  return { changed: come.map(({ key }) => key), isOther: isOther || isNew };
}

/**
 * The view after a change, its shards aside.
 *
 * @param {View} view
 * @param {Change} change
 * @returns {View}
 */
export function withChange(view, { shards: _, goneShards: __, incidents, moment, ...parts }) {
  const { history } = view;
  return {
    ...view,
    ...parts,
    incidents: incidents
      ? [...incidents, ...view.incidents].slice(0, MOST_INCIDENTS)
      : view.incidents,
    history: { ...history, moments: withMoment(history, moment) },
  };
}

/**
 * The unit tells the newest moment with each change: a step of the history has one, the newest of it.
 *
 * @param {import("../../words.ts").DashboardHistory} history
 * @param {import("../../words.ts").Moment} moment
 */
function withMoment({ stepMs, moments }, moment) {
  const step = Math.floor(moment.atMs / stepMs);
  const last = moments.at(-1);
  const kept = last && Math.floor(last.atMs / stepMs) === step ? moments.slice(0, -1) : moments;
  return [...kept.filter(({ atMs }) => atMs > moment.atMs - HISTORY_MS), moment];
}

/**
 * @param {Shard} a
 * @param {Shard} b
 */
function inOrder(a, b) {
  return a.totalShards - b.totalShards || a.shardId - b.shardId;
}
