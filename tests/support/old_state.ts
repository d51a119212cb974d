/**
 * The state of a unit in the files of e038c8e, made of what this version has written: for tests of
 * the conversion. Names and shapes are those of `SessionBook.save()`, `AwayAnswers.save()`,
 * `GuildBook.keep()` and `ShardFactsBook.save()` of that commit.
 *
 * @module
 */

import type { Store } from "../../ports/store.ts";
import type { Estate } from "../../protocol/estate.ts";
import { shardKeyText } from "../../protocol/ids.ts";
import { Estates } from "../../store/estates.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { silentLog } from "../../ports/log.ts";

/** File names and values of a unit that has these estates, by shard id. */
export function oldStateOf(
  stream: string,
  totalShards: number,
  estates: ReadonlyMap<number, Estate>,
): Map<string, unknown> {
  const by = (value: (estate: Estate) => unknown) =>
    Object.fromEntries(
      [...estates].map(([id, estate]) => [id, value(estate)]).filter(([, it]) => it),
    );
  const shards = by(({ session, acknowledged, highest }) => ({
    session,
    acknowledged,
    highest: highest ?? 0,
  }));
  const marks = by(({ marks }) =>
    marks.length > 0 && marks.map(({ cursor, mark, atMs }) => [cursor, mark, atMs])
  );
  return new Map<string, unknown>([
    ["sessions", { stream, shards }],
    ["away", { shards: marks }],
    ["facts", { totalShards, shards: by(({ facts }) => facts) }],
    ...[...estates].filter(([, { guilds }]) => guilds).map(([id, { guilds }]) =>
      [`guilds-${id}`, guilds] as const
    ),
  ]);
}

/** Turns what a store holds of these shards into what e038c8e would have left in it. */
export async function makeOld(
  store: Store,
  totalShards: number,
  shardIds: readonly number[],
): Promise<void> {
  const keys = shardIds.map((id) => ({ total: totalShards, id }));
  const files = keys.map((key) => `estate-${shardKeyText(key).replace("/", "-of-")}`);
  const { session } = await store.load(files[0]!) as Pick<Estate, "session">;
  const clock = createVirtualClock();
  const estates = await Estates.open({ store, clock, log: silentLog, newStream: "none" });
  await estates.begin(totalShards, shardIds, session!.intents);
  const found = new Map(keys.map((key) => [key.id, estates.of(key)]));
  const old = oldStateOf(estates.stream, totalShards, found);
  for (const [name, value] of old) await store.save(name, value);
  for (const name of ["estates", ...files]) await store.remove(name);
}
