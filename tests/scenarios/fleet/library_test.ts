/**
 * A library on `/gateway` of a unit whose shard goes to another unit: it is told, and what comes meanwhile waits there.
 */

import assert from "node:assert/strict";
import { OP } from "../../../protocol/discord/opcodes.ts";
import { createFleetStage } from "../../support/fleet/stage.ts";
import { connect } from "../../support/library.ts";
import { numberOf } from "../../support/reshard/judge.ts";
import { startBustle } from "../../support/reshard/bustle.ts";
import { every } from "../../../ports/clock.ts";

Deno.test("a library whose shard goes to another unit is told which, and loses nothing when it goes there", async () => {
  const stage = createFleetStage({ shards: 2, sim: { numberEvents: true } });
  const { clock, sim } = stage;
  await stage.start("a");
  await stage.whole();
  const first = connect({ gateway: stage.unit("a").gateway!, clock });
  every(clock, 1_000, () => first.closedWith === null && first.acknowledge());
  first.identify(undefined, [1, 2]);
  await clock.advance(1_000);
  const stop = startBustle(sim, 60, 1);
  await clock.advance(5_000);
  await stage.start("b");
  await stage.whole();
  await clock.advance(2_000);
  assert.ok(first.got.some(({ op }) => op === OP.INVALID_SESSION), "it has to begin anew");
  first.identify(undefined, [1, 2]);
  await clock.advance(100);
  assert.equal(first.closedWith, 4010);
  const second = connect({ gateway: stage.unit("b").gateway!, clock });
  every(clock, 1_000, () => second.closedWith === null && second.acknowledge());
  second.identify(undefined, [1, 2]);
  await clock.advance(5_000);
  stop();
  await clock.advance(10_000);
  const seen = new Set(
    [first, second].flatMap(({ got }) => got.flatMap(({ d }) => numberOf(d) ?? [])),
  );
  const missing = sim.ledger.events.filter(({ shardId, event }) =>
    shardId === 1 && event !== null && !seen.has(event)
  );
  // Of guilds that load a session is told what is there when it begins.
  assert.deepEqual(
    missing.filter(({ t }) => t !== "GUILD_CREATE").map(({ t, s }) => `${t} ${s}`),
    [],
  );
});
