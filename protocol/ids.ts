/**
 * Numbers that name things, and the two sums that Discord prescribes for them.
 * See [Discord Docs/Sharding](https://discord.com/developers/docs/events/gateway#sharding).
 *
 * @module
 */

/** A shard by its name: an id alone says too little once shards of two totals live side by side. */
export interface ShardKey {
  readonly total: number;
  readonly id: number;
}

/** A {@linkcode ShardKey} as text, `3/16`: the key of maps, and the name in files. */
export type ShardKeyText = `${number}/${number}`;

/** `3/16` for shard 3 of 16. */
export function shardKeyText({ total, id }: ShardKey): ShardKeyText {
  return `${id}/${total}`;
}

/** The shard of this name; `undefined` where it is none. */
export function parseShardKey(text: string): ShardKey | undefined {
  const [, id, total] = /^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? [];
  return id === undefined ? undefined : { total: Number(total), id: Number(id) };
}

/** Which shard of `totalShards` receives the events of a guild: `(guild_id >> 22) % totalShards`. */
export function calculateShardId(guildId: string | bigint, totalShards: number): number {
  return Number((BigInt(guildId) >> 22n) % BigInt(totalShards));
}

/** The key under which Discord paces identifies: one per key per 5 s. */
export function identifyKey(shardId: number, maxConcurrency: number): number {
  return shardId % maxConcurrency;
}

/** Shard ids from `first` to `last`, both included. */
export function shardRange(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
