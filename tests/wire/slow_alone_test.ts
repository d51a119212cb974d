/** A library that stops reading, beside one that reads: on real sockets, of one worker. */

import assert from "node:assert/strict";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { stallingLibrary } from "../support/stalling_library.ts";
import { startUnit, until } from "../support/unit_process.ts";

const TOKEN = "the-secret";
const STALL_MS = 6_000;
const RATE = 1_000;
const MEMORY_BYTES = 4 * 1024 * 1024;

interface Case {
  readonly what: string;
  readonly shards: number;
  readonly fast: [number, number];
  /** Those that stop reading: shard, and name behind the token. */
  readonly slow: readonly (readonly [[number, number], string])[];
}

const CASES: readonly Case[] = [
  {
    what: "a bot beside its own logger and beside another shard's bot",
    shards: 2,
    fast: [0, 2],
    slow: [[[0, 2], ":logger"], [[1, 2], ""]],
  },
  {
    what: "several shards as one beside several others as one",
    shards: 4,
    fast: [0, 2],
    slow: [[[1, 2], ""], [[0, 2], ":logger"]],
  },
];

for (const { what, shards, fast: fastShard, slow } of CASES) {
  Deno.test(`a slow consumer is slow alone: ${what}`, async () => {
    const sim = createSimulator({ shards, maxConcurrency: shards, recordEvents: true });
    const server = serveSimulator(sim);
    const stateDir = Deno.makeTempDirSync();
    const unit = await startUnit({
      DISCORD_TOKEN: sim.settings.token,
      DISCORD_API_URL: server.apiUrl,
      INTENTS: String(0x331_ffff),
      LISTEN_PORT: "0",
      STATE_DIR: stateDir,
      REST_AUTHORIZATION: TOKEN,
      CONSUMERS_PER_SHARD: "2",
      QUEUE_MEMORY_BYTES: String(MEMORY_BYTES),
    });
    await unit.ready();
    const url = await unit.url();
    const counters = async () => {
      const answer = await fetch(`${url}/control/state`, { headers: { authorization: TOKEN } });
      const state = await answer.json();
      return state.shards.map((shard: { counters: unknown }) => shard.counters) as {
        dropped: number;
        queuedBytes: number;
      }[];
    };
    const fast = stallingLibrary(url, TOKEN, fastShard);
    const others = slow.map(([shard, name]) => stallingLibrary(url, TOKEN + name, shard));
    const all = [fast, ...others];
    await until(() => all.every(({ got }) => got.includes("READY")), 60_000);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const seats = [fastShard, ...slow.map(([shard]) => shard)];
    const sentTo = ([id, total]: [number, number]) =>
      sim.ledger.events.filter(({ shardId }) => shardId % total === id).map(({ t }) => t);
    const had = all.map(({ got }) => got.length);
    const sentBefore = seats.map((seat) => sentTo(seat).length);
    const came = (at: number) => all[at]!.got.slice(had[at]);
    const sent = (at: number) => sentTo(seats[at]!).slice(sentBefore[at]);
    const behind = (at: number) => sent(at).length - came(at).length;
    for (const each of others) each.pause(true);
    sim.traffic.setRate(RATE);
    let most = 0;
    let mostBytes = 0;
    for (const endMs = performance.now() + STALL_MS; performance.now() < endMs;) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      most = Math.max(most, behind(0));
      const bytes = (await counters()).reduce((sum, { queuedBytes }) => sum + queuedBytes, 0);
      mostBytes = Math.max(mostBytes, bytes);
    }
    sim.traffic.setRate(0);
    assert.ok(most < RATE, `${most} events behind while the others did not read`);
    assert.ok(behind(1) > 1_000, `the slow one is ${behind(1)} behind: it was not held up`);
    assert.ok(mostBytes <= MEMORY_BYTES, `${mostBytes} bytes in memory`);
    for (const each of others) each.pause(false);
    await until(
      () => all.every((_, at) => behind(at) <= 0),
      60_000,
      () => `behind by ${all.map((_, at) => behind(at))}, ${all.map(({ got }) => got.at(-1))}`,
    );
    for (const [at, [, total]] of seats.entries()) {
      // Of several shards the order is that of their arrival.
      if (total === shards) assert.deepEqual(came(at), sent(at));
      else assert.deepEqual(came(at).toSorted(), sent(at).toSorted());
    }
    assert.deepEqual((await counters()).map(({ dropped }) => dropped), Array(shards).fill(0));
    assert.deepEqual(sim.ledger.violations, []);
    for (const each of all) each.end();
    assert.equal(await unit.end("SIGTERM"), 0);
    await server.close();
    Deno.removeSync(stateDir, { recursive: true });
  });
}
