import assert from "node:assert/strict";
import { cutsWithDead } from "../../../../unit/reshard/lots/dead.ts";
import type { LotShard } from "../../../../unit/reshard/lots/lot_shard.ts";
import { cutsTo } from "../../../support/records.ts";

const guildAt = (place: bigint) => String(place << 22n);
const shard = (id: number, total: number, ...guildIds: string[]) =>
  ({ key: { id, total }, guildIds: new Set(guildIds) }) as unknown as LotShard;

Deno.test("cutsWithDead() has everything delivered of the guilds that a dead shard had, and of no others", () => {
  const [dead, alive] = [shard(0, 4), shard(2, 4)];
  const [lost, kept] = [guildAt(4n), guildAt(2n)];
  const young = shard(0, 2, lost, kept);
  const cuts = cutsWithDead(new Map([[0, cutsTo(10)]]), [dead], [dead, alive], [young]).get(0)!;
  assert.deepEqual(cuts.guilds, { "1": 9, "": 0, [lost]: 0 });
  assert.deepEqual(cuts.loads, ["7", lost]);
  assert.equal(cuts.through, 10);
});

Deno.test("cutsWithDead() lets new shards begin at their beginning where nothing was compared", () => {
  const dead = shard(1, 2);
  const news = [shard(1, 4, guildAt(1n)), shard(3, 4, guildAt(3n))];
  const cuts = cutsWithDead(new Map(), [dead], [dead], news);
  assert.deepEqual(cuts.get(3), {
    from: [{ id: 1, total: 2 }],
    through: 0,
    guilds: { "": 0, [guildAt(3n)]: 0 },
    others: 0,
    loads: [guildAt(3n)],
    mayRepeat: [],
  });
});
