/** Libraries that go by another total than ours: each event of their part once, in order per guild. */

import assert from "node:assert/strict";
import { memoryStore } from "../../ports/store.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { calculateShardId } from "../../protocol/ids.ts";
import { connect, type Library, names, type Payload } from "../support/library.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { createRig, type Rig, type RigOptions } from "../support/rig.ts";

const FOUR: RigOptions = { shards: 4, workers: 2, sim: { guilds: 12 } };

async function rigOfFour(options: RigOptions = {}): Promise<Rig> {
  const rig = await createRig({ ...FOUR, ...options });
  rig.start();
  await rig.ready();
  await rig.clock.advance(1_000);
  return rig;
}

async function identify(rig: Rig, shard: [number, number]): Promise<Library> {
  const library = connect(rig);
  library.identify(undefined, shard);
  await rig.clock.advance(100);
  assert.equal(library.got[1]?.t, "READY");
  assert.deepEqual(library.got[1]!.d.shard, shard);
  return library;
}

/** Names of the events that Discord has sent on these shards, each in order. */
function sentOn(rig: Rig, shardId: number, from: number): string[] {
  return rig.sim.ledger.events.filter((it) => it.shardId === shardId).slice(from).map(({ t }) => t)
    .filter((t) => t !== "READY" && t !== "RESUMED");
}

const counts = (rig: Rig) =>
  [0, 1, 2, 3].map((id) => rig.sim.ledger.events.filter(({ shardId }) => shardId === id).length);

/** What came to libraries, by the shard of the guild that it is about; what is of no guild is shard 0's. */
function eventsOn(shardId: number, ...libraries: Library[]): Payload[] {
  return libraries.flatMap((library) => library.events()).filter(({ t, d }) => {
    const guildId = t?.startsWith("GUILD_") && d.guild_id === undefined ? d.id : d?.guild_id;
    return (guildId === undefined ? 0 : calculateShardId(guildId, 4)) === shardId;
  });
}

function cameOn(shardId: number, ...libraries: Library[]): string[] {
  return eventsOn(shardId, ...libraries).map(({ t }) => t!);
}

function assertAll(rig: Rig, from: number[], shardIds: number[], ...libraries: Library[]): void {
  for (const id of shardIds) {
    assert.deepEqual(cameOn(id, ...libraries), sentOn(rig, id, from[id]!), `shard ${id}`);
  }
  const numbers = libraries.flatMap((library) => library.events().map(({ s }) => s!));
  assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
}

Deno.test("a library that insists on [0,1] has all shards in one session, and gives them back to the cluster", async () => {
  const rig = await rigOfFour();
  const from = counts(rig);
  const library = await identify(rig, [0, 1]);
  assert.equal(library.got[1]!.d.guilds.length, 12);
  rig.sim.traffic.setRate(60);
  await rig.clock.advance(5_000);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(500);
  assertAll(rig, from, [0, 1, 2, 3], library);
  assert.ok(names(library).length > 200);
  library.close(1000);
  await rig.clock.advance(500);
  assert.deepEqual(rig.gateway.serving.shards.map(({ clusterId }) => clusterId), [0, 0, 0, 0]);
  const before = rig.got.length;
  rig.sim.traffic.setRate(60);
  await rig.clock.advance(1_000);
  assert.ok(rig.got.length > before + 40);
  rig.assertNoViolations();
});

for (const how of ["SIGTERM", "SIGKILL"] as const) {
  Deno.test(`two libraries of total 2 over our 4 get each event once, whatever ends: connection, worker, unit by ${how}`, async () => {
    const kept = { store: memoryStore(), openSpool: memorySpool() };
    const first = await rigOfFour(kept);
    const from = counts(first);
    const one = [await identify(first, [0, 2]), await identify(first, [1, 2])];
    first.sim.traffic.setRate(60);
    await first.clock.advance(2_000);
    for (const library of one) library.acknowledge();
    await first.clock.advance(1_000);
    one[0]!.close(1006);
    await first.clock.advance(2_000);
    first.gateway.pool.restart(0);
    const back = (rig: Rig, sessionOf: Library, last: number) => {
      const library = connect(rig);
      library.resume(sessionOf.sessionId(), last);
      return library;
    };
    const resumed = back(first, one[0]!, one[0]!.last());
    await first.clock.advance(3_000);
    const lives: [Library[], Library[]] = [[one[0]!, resumed], [one[1]!]];
    if (how === "SIGTERM") await first.stop();
    else for (const thread of [...first.alive]) thread.die();
    const second = await createRig({ ...FOUR, ...kept, earlier: first });
    second.start();
    await second.ready();
    for (const [j, libraries] of lives.entries()) {
      const library = back(second, one[j]!, libraries.at(-1)!.last());
      await second.clock.advance(200);
      if (how === "SIGKILL") {
        assert.equal(library.got.at(-1)!.op, OP.INVALID_SESSION);
        library.identify(undefined, [j, 2]);
        await second.clock.advance(200);
      }
      libraries.push(library);
    }
    await second.clock.advance(2_000);
    second.sim.traffic.setRate(0);
    await second.clock.advance(1_000);
    let again = 0;
    for (const [j, libraries] of lives.entries()) {
      if (how === "SIGTERM") {
        assert.ok(libraries.at(-1)!.got.some(({ t }) => t === "RESUMED"));
        assertAll(second, from, [j, j + 2], ...libraries);
        continue;
      }
      // What came before the new session's first event is the beginning; what comes again is marked.
      const newest = libraries.pop()!;
      const marks = newest.got.filter(({ t }) => t === "GATEHOUSE_REPEAT").map(({ d }) => d);
      for (const id of [j, j + 2]) {
        const all = sentOn(second, id, from[id]!);
        const [before, after] = [cameOn(id, ...libraries), cameOn(id, newest)];
        assert.deepEqual(before, all.slice(0, before.length));
        assert.deepEqual(after, all.slice(-after.length));
        const twice = before.length + after.length - all.length;
        assert.ok(twice >= 0, `${-twice} are missing`);
        again += twice;
        for (const { s } of eventsOn(id, newest).slice(0, twice)) {
          assert.ok(marks.some(({ from, to }) => from <= s! && s! <= to), `${s} is not marked`);
        }
      }
    }
    assert.equal(again > 0, how === "SIGKILL", "else it tells nothing of marks");
    assert.equal(second.identifies(), 4);
  });
}

Deno.test("who goes by another total and has guilds in common takes over, and the rest goes back", async () => {
  const rig = await rigOfFour();
  const whole = await identify(rig, [0, 1]);
  whole.acknowledge();
  const part = await identify(rig, [1, 4]);
  assert.equal(whole.closedWith, 4409);
  assert.deepEqual(
    rig.gateway.serving.shards.map(({ clusterId }) => clusterId),
    [0, null, 0, 0],
  );
  const back = connect(rig);
  back.resume(whole.sessionId(), whole.last());
  await rig.clock.advance(100);
  assert.equal(back.got.at(-1)!.op, OP.INVALID_SESSION);
  assert.equal(part.closedWith, null);
  const half = await identify(rig, [1, 2]);
  assert.equal(part.closedWith, 4409);
  await identify(rig, [0, 2]);
  assert.equal(half.closedWith, null, "they have nothing in common");
});

Deno.test("a total that neither divides ours nor is a multiple of it is refused, and any other where only ours is served", async () => {
  const rig = await rigOfFour();
  const refused = async (rig: Rig, shard: [number, number]) => {
    const library = connect(rig);
    library.identify(undefined, shard);
    await rig.clock.advance(100);
    return library.closedWith;
  };
  assert.deepEqual([await refused(rig, [0, 3]), await refused(rig, [0, 6])], [4010, 4010]);
  assert.deepEqual([await refused(rig, [2, 2]), await refused(rig, [0, 0])], [4010, 4010]);
  const own = await rigOfFour({ config: { consumerTotals: "own" } });
  assert.equal(await refused(own, [0, 1]), 4010);
});

Deno.test("a worker that is away holds up nobody's part of a merged stream", async () => {
  const rig = await rigOfFour({ openSpool: memorySpool() });
  const library = await identify(rig, [0, 1]);
  rig.sim.traffic.setRate(60);
  await rig.clock.advance(1_000);
  library.acknowledge();
  [...rig.alive][0]!.hang();
  const before = cameOn(3, library).length;
  await rig.clock.advance(5_000);
  assert.ok(cameOn(3, library).length > before + 20, "shard 3 waits for the worker of shard 0");
});

Deno.test("what is asked of a guild goes to the shard of ours that has it", async () => {
  const rig = await rigOfFour();
  const library = await identify(rig, [0, 1]);
  for (const guild of library.got[1]!.d.guilds as { id: string }[]) {
    library.send(OP.REQUEST_GUILD_MEMBERS, {
      guild_id: guild.id,
      query: "",
      limit: 1,
      nonce: guild.id,
    });
  }
  await rig.clock.advance(2_000);
  const nonces = library.events().filter(({ t }) => t === "GUILD_MEMBERS_CHUNK").map(({ d }) =>
    d.nonce
  );
  assert.equal(new Set(nonces).size, 12);
});

Deno.test("a session of several shards asks each of them for the sounds, members and voice of its own guilds", async () => {
  const rig = await rigOfFour();
  const library = await identify(rig, [0, 1]);
  const guilds = [...rig.sim.world.guilds.values()].slice(0, 4);
  const ids = guilds.map(({ id }) => id);
  assert.equal(new Set(ids.map((id) => calculateShardId(id, 4))).size, 4);
  library.raw(`{"op":31,"d":{"guild_ids":[${ids.join(",")}]}}`);
  for (const { id, channels } of guilds) {
    library.raw(`{"op":8,"d":{"guild_id":${id},"query":"","limit":0,"nonce":"${id}"}}`);
    library.raw(`{"op":4,"d":{"guild_id":${id},"channel_id":${channels[0]!.id}}}`);
  }
  await rig.clock.advance(1_000);
  for (const t of ["SOUNDBOARD_SOUNDS", "GUILD_MEMBERS_CHUNK", "VOICE_SERVER_UPDATE"]) {
    const came = library.events().filter((event) => event.t === t).map(({ d }) => d.guild_id);
    assert.deepEqual(came.sort(), ids.toSorted(), t);
  }
  rig.assertNoViolations();
});
