import assert from "node:assert/strict";
import { CONFIG_DEFAULTS } from "../../../config/config.ts";
import { logTo, silentLog } from "../../../ports/log.ts";
import { seededRandom } from "../../../ports/random.ts";
import { memoryStore } from "../../../ports/store.ts";
import { RECORD } from "../../../protocol/event_frame.ts";
import { createVirtualClock } from "../../../sim/mod.ts";
import { queuedShards, queueFolder } from "../../../store/queue_folders.ts";
import { openSpoolDir } from "../../../store/spool_files.ts";
import { joinFleet } from "../../../unit/fleet/join.ts";
import { createFleetStage } from "../../support/fleet/stage.ts";

Deno.test("a unit without a line is by itself", () => {
  const { seat, peers, allotment } = joinFleet({
    config: CONFIG_DEFAULTS as never,
    clock: createVirtualClock(),
    log: silentLog,
    random: seededRandom(1),
    store: memoryStore(),
    cores: 1,
    queueDir: null,
    line: null,
    changed() {},
    replaced() {},
  });
  assert.deepEqual([seat, peers, allotment.snapshot], [null, null, null]);
});

Deno.test("a unit with a line is one of a fleet: what it has is what it was given", async () => {
  const stage = createFleetStage({ shards: 4 });
  stage.startBot();
  for (const name of ["a", "b"]) await stage.start(name);
  await stage.whole();
  await stage.clock.advance(6_000);
  const [a, b] = [stage.unit("a"), stage.unit("b")];
  assert.deepEqual([a.shardIds, b.shardIds, a.totalShards], [[0, 1], [2, 3], 4]);
  assert.deepEqual(a.seat?.members, ["a", "b"]);
  assert.deepEqual(b.snapshot.fleet?.units, [
    { unit: "a", isAlive: true, shards: 2 },
    { unit: "b", isAlive: true, shards: 2 },
  ]);
});

Deno.test("a unit whose name another process takes ends: it has to be restarted under another", async () => {
  const stage = createFleetStage({ shards: 2 });
  stage.startBot();
  for (const name of ["a", "b"]) await stage.start(name);
  await stage.whole();
  const { unit } = stage;
  const first = unit("a");
  let failed = "";
  void first.failed.then((reason) => failed = reason);
  stage.launch("a");
  await stage.clock.advance(30_000);
  assert.match(failed, /another process has the name a/);
  await stage.run(first.stop("it cannot go on"));
});

Deno.test("a unit that has lived by itself and comes to a fleet of others says of how many shards it gives events up", async () => {
  const stage = createFleetStage({ shards: 4 });
  stage.startBot();
  await stage.start("a");
  const queueDir = await Deno.makeTempDir();
  const spool = await openSpoolDir(queueFolder(queueDir, 4))(3);
  await spool.append([{ shardId: 3, kind: RECORD.DISPATCH, cursor: 5, body: new Uint8Array(8) }]);
  await spool.close();
  const logged: unknown[] = [];
  const line = stage.bus.line("z");
  const { allotment } = joinFleet({
    config: CONFIG_DEFAULTS,
    clock: line.clock,
    log: logTo((level, event, fields) => {
      if (level === "error") logged.push([event, fields]);
    }),
    random: seededRandom(1),
    store: memoryStore(),
    cores: 1,
    queueDir,
    line,
    unitName: "z",
    changed() {},
    replaced() {},
  });
  let isOpen = false;
  void allotment.open(4).then(() => isOpen = true);
  while (!isOpen) {
    await stage.clock.advance(100);
    // A turn in which the disk answers.
    await Deno.stat(queueDir);
  }
  assert.deepEqual(logged, [["events on disk were not of this fleet, they are lost", {
    shards: 1,
  }]]);
  assert.deepEqual(await queuedShards(queueDir), []);
  await Deno.remove(queueDir, { recursive: true });
});
