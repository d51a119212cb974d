/**
 * What a shard's state and figures mean to a person: its letter, its colour, what is wrong with it.
 *
 * @module
 */

import * as format from "./format.js";

/** @typedef {import("../../words.ts").DashboardShard} Shard */
/** @typedef {import("../../../protocol/status.ts").ShardState} ShardState */
/** @typedef {import("../../../protocol/status.ts").GuildLimit} GuildLimit */

/**
 * How a state is shown: a letter besides the colour, for who cannot tell colours apart.
 *
 * @typedef {object} StateLook
 * @property {string} letter Empty where all is well: what is well is quiet.
 * @property {"good" | "moving" | "waiting" | "warn" | "bad"} tone
 */

/** @type {Readonly<Record<ShardState, StateLook>>} */
export const STATES = {
  ready: { letter: "", tone: "good" },
  resuming: { letter: "R", tone: "moving" },
  identifying: { letter: "I", tone: "moving" },
  hello: { letter: "H", tone: "moving" },
  connecting: { letter: "C", tone: "moving" },
  queued: { letter: "Q", tone: "waiting" },
  idle: { letter: "–", tone: "waiting" },
  closing: { letter: "X", tone: "warn" },
  "backing off": { letter: "B", tone: "warn" },
  stopped: { letter: "S", tone: "bad" },
};

/** In the order in which they are counted out: what is well, what moves, what is wrong. */
export const STATE_ORDER = /** @type {ShardState[]} */ (Object.keys(STATES));

/** A heartbeat's round trip above it is trouble. */
export const SLOW_MS = 1_000;
/** Events that wait longer are trouble. */
export const OLD_QUEUE_MS = 10_000;

/**
 * What is wrong with a shard though its session stands, in a few words, the worst first.
 *
 * @param {Shard} shard
 * @param {GuildLimit} limit
 * @returns {string[]}
 */
export function troubles(shard, limit) {
  const found = [];
  const { queued, queueAgeMs, latencyMs, guilds } = shard;
  if (queueAgeMs >= OLD_QUEUE_MS) {
    found.push(
      `${format.counted(queued, "event")} wait, the oldest for ${format.span(queueAgeMs)}`,
    );
  }
  if (latencyMs !== null && latencyMs >= SLOW_MS) {
    found.push(`a heartbeat takes ${format.latency(latencyMs)}`);
  }
  if (guilds !== null && guilds >= limit.most) {
    found.push(`${format.count(guilds)} guilds, as many as Discord allows`);
  } else if (guilds !== null && guilds >= limit.reshardAt) {
    found.push(`${format.count(guilds)} guilds: reshard before it has ${format.count(limit.most)}`);
  }
  return found;
}

/**
 * What a screen reader says of a cell.
 *
 * @param {Shard} shard
 * @param {GuildLimit} limit
 */
export function spoken(shard, limit) {
  const { shardId, state, latencyMs, eventsPerSecond, guilds, queued } = shard;
  return [
    `Shard ${shardId}`,
    state,
    ...troubles(shard, limit),
    latencyMs === null ? "" : format.latency(latencyMs),
    `${format.rate(eventsPerSecond)} events per second`,
    guilds === null ? "" : `${format.count(guilds)} guilds`,
    queued === 0 ? "" : `${format.count(queued)} queued`,
  ].filter(Boolean).join(", ");
}

/** What the bar in a cell can show. */
export const MEASURES = /** @type {const} */ ({
  guilds: { label: "Guilds", of: "of the guilds that a shard may have" },
  events: { label: "Events/s", of: "of the busiest shard" },
  latency: { label: "Latency", of: "of one second" },
  queue: { label: "Queue", of: "events that wait, by powers of ten" },
});

/** @typedef {keyof typeof MEASURES} Measure */

/**
 * How full the bar is, 0 to 1.
 *
 * @param {Shard} shard
 * @param {Measure} measure
 * @param {{ limit: GuildLimit, busiest: number }} of
 */
export function fill(shard, measure, { limit, busiest }) {
  return Math.min(1, Math.max(0, FILLS[measure](shard, limit, busiest)));
}

/** @type {Record<Measure, (shard: Shard, limit: GuildLimit, busiest: number) => number>} */
const FILLS = {
  guilds: ({ guilds }, { most }) => (guilds ?? 0) / most,
  events: ({ eventsPerSecond }, _, busiest) => busiest === 0 ? 0 : eventsPerSecond / busiest,
  latency: ({ latencyMs }) => (latencyMs ?? 0) / SLOW_MS,
  // 10 fill a fifth, 100,000 all: what matters is how many digits it has.
  queue: ({ queued }) => queued === 0 ? 0 : Math.log10(queued + 1) / 5,
};

/**
 * How many shards are in each state, states that nobody is in left out.
 *
 * @param {Iterable<Shard>} shards
 * @returns {{ state: ShardState, count: number }[]}
 */
export function byState(shards) {
  /** @type {Map<ShardState, number>} */
  const counts = new Map();
  for (const { state } of shards) counts.set(state, (counts.get(state) ?? 0) + 1);
  return STATE_ORDER.flatMap((state) => {
    const count = counts.get(state);
    return count === undefined ? [] : [{ state, count }];
  });
}

/**
 * What shards of one total do while guilds move: `1 serves, 2 rise`.
 *
 * @param {readonly Shard[]} shards
 */
export function byRole(shards) {
  return (/** @type {const} */ (["serves", "rises", "ends"])).flatMap((role) => {
    const { length } = shards.filter((shard) => shard.role === role);
    return length === 0
      ? []
      : [`${format.count(length)} ${length === 1 ? role : role.slice(0, -1)}`];
  }).join(", ");
}
