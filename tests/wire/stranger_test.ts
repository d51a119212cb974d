/** `examples/consumer.js`, which knows docs/protocols.md and not a line of ours, against what we run. */

import assert from "node:assert/strict";
import { openHttpPort } from "../support/http_port.ts";
import { acceptLink } from "../../app/http/sockets.ts";
import { Links } from "../../link/links.ts";
import { systemClock } from "../../ports/clock.ts";
import {
  encodeBatch,
  type EventRecord,
  gapRecord,
  movedRecord,
  RECORD,
} from "../../protocol/event_frame.ts";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { startUnit, until } from "../support/unit_process.ts";
import { cluster } from "../support/peers.ts";

const CONSUMER = new URL("../../examples/consumer.js", import.meta.url).pathname;

/** The stranger's process, with no more than the network of this machine and two variables. */
function startConsumer(where: string, env: Record<string, string> = {}) {
  const permissions = [
    "--no-prompt",
    "--allow-net=127.0.0.1",
    "--allow-env=CLUSTER_ID,AUTHORIZATION",
  ];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...permissions, CONSUMER, where],
    env,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines: string[] = [];
  let errors = "";
  const keep = async (
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    take: (text: string) => void,
  ) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) take(text);
  };
  let rest = "";
  const reading = Promise.all([
    keep(child.stdout, (text) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop()!;
      lines.push(...parts);
    }),
    keep(child.stderr, (text) => void (errors += text)),
  ]);
  return {
    /** What it printed: `shard cursor name`. */
    lines,
    errors: () => errors,
    exited: child.status.then(({ code }) => reading.then(() => code)),
    async end() {
      child.kill("SIGTERM");
      await child.status;
      await reading;
    },
  };
}

function dispatch(shardId: number, cursor: number, t: string): EventRecord {
  const body = new TextEncoder().encode(JSON.stringify({ t, s: cursor, op: 0, d: null }));
  return { shardId, kind: RECORD.DISPATCH, cursor, body };
}

/** Links on a port: what a unit has at `/events`. */
async function serveLinks(
  wanted: number,
  stream: string,
  greet: (deliver: (...r: EventRecord[]) => void, ofFour: (...r: EventRecord[]) => void) => void,
) {
  const acks: Record<string, number>[] = [];
  const links: Links = new Links({
    clock: systemClock,
    totalShards: 2,
    stream,
    peers: () => [cluster(0)],
    link: (peer, link) => {
      const deliverOf = (total: number) => (...records: EventRecord[]) => {
        if (link !== null) links.deliver(peer, link, encodeBatch(total, records));
      };
      if (link !== null) greet(deliverOf(2), deliverOf(4));
    },
    acknowledged: (_peer, _link, { cursors }) => acks.push({ ...cursors }),
  });
  const port = await openHttpPort((request) => acceptLink(request, links), { port: wanted });
  return {
    acks,
    port: port.port,
    async stop() {
      links.stop("the test goes on");
      await port[Symbol.asyncDispose]();
    },
  };
}

Deno.test("a stranger prints each event once, acknowledges it, and drops what is sent again", async () => {
  const unknown = { ...dispatch(0, 3, "X"), kind: 9 };
  const lost = gapRecord(0, { from: null, to: 9, count: null, reason: "a new session begins" });
  const served = { shardId: 2, kind: RECORD.SERVED, cursor: 7, body: new Uint8Array() };
  const moved = movedRecord(2, 6, {
    guildId: "41",
    from: { total: 2, id: 0 },
    mayRepeat: false,
  });
  const first = await serveLinks(0, "one", (deliver, deliverOfFour) => {
    deliver(dispatch(0, 1, "READY"), dispatch(7, 2 ** 33 + 5, "GUILD_CREATE"), dispatch(0, 2, "A"));
    deliver(unknown, lost);
    deliverOfFour(dispatch(2, 5, "READY"), moved, served, dispatch(0, 1, "OF_FOUR"));
  });
  const consumer = startConsumer(`ws://127.0.0.1:${first.port}/events`);
  await until(() => first.acks.length === 3, 20_000, consumer.errors);
  assert.deepEqual(first.acks, [{ 0: 2, 7: 2 ** 33 + 5 }, { 0: 9 }, { 0: 1, 2: 7 }]);
  await first.stop();

  const again = await serveLinks(
    first.port,
    "one",
    (deliver) => deliver(dispatch(0, 2, "A"), lost, dispatch(0, 10, "B")),
  );
  await until(() => again.acks.length === 1, 20_000, consumer.errors);
  assert.deepEqual(again.acks, [{ 0: 10 }], "a repeat is acknowledged, or it would come for ever");
  await again.stop();

  const other = await serveLinks(first.port, "two", (deliver) => deliver(dispatch(0, 1, "READY")));
  await until(() => other.acks.length === 1, 20_000, consumer.errors);
  await other.stop();
  await consumer.end();
  assert.deepEqual(consumer.lines, [
    "0 1 READY",
    "7 8589934597 GUILD_CREATE",
    "0 2 A",
    "0 9 GATEHOUSE_GAP null to 9: a new session begins",
    "2 5 READY",
    "2 6 GATEHOUSE_GUILD_MOVED 41 from 0/2",
    "0 1 OF_FOUR",
    "0 10 B",
    "0 1 READY",
  ]);
});

Deno.test("a stranger that the unit does not know ends, and says what the unit said", async () => {
  const unit = await serveLinks(0, "one", () => {});
  const consumer = startConsumer(`ws://127.0.0.1:${unit.port}/events`, { CLUSTER_ID: "3" });
  assert.equal(await consumer.exited, 1);
  assert.match(consumer.errors(), /4404 expected cluster 0, received cluster 3/);
  await unit.stop();
});

/** A port that is free now, and will be when a unit wants it again. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

/** What a stranger does, how many workers the unit has, and how many connections there are then. */
const WAYS = [
  ["dials a unit", 2, 1],
  ["is dialled by a unit with a worker", 1, 2],
  ["is dialled by a unit with two workers", 2, 3],
] as const;

for (const [way, workers, connections] of WAYS) {
  Deno.test(`a stranger that ${way} gets all that Discord sent, once and in order, though the unit is killed`, async () => {
    const sim = createSimulator({
      shards: 2,
      maxConcurrency: 2,
      guilds: 8,
      recordEvents: true,
      ringEvents: 20_000,
    });
    const discord = serveSimulator(sim);
    const [unitPort, ownPort] = [freePort(), freePort()];
    const settings = {
      DISCORD_TOKEN: sim.settings.token,
      DISCORD_API_URL: discord.apiUrl,
      INTENTS: String(0x331_ffff),
      LISTEN_PORT: String(unitPort),
      TOTAL_WORKERS: String(workers),
      REST_AUTHORIZATION: "who-dials",
      STATE_DIR: Deno.makeTempDirSync(),
      // A unit knows the clusters of its own plan: one that dials in takes the place of one that is away.
      EVENT_HANDLER_URL: `ws://127.0.0.1:${ownPort}`,
      EVENT_HANDLER_SECRET_KEY: "who-is-dialled",
    };
    const consumer = way === "dials a unit"
      ? startConsumer(`ws://127.0.0.1:${unitPort}/events`, { AUTHORIZATION: "who-dials" })
      : startConsumer(String(ownPort), { AUTHORIZATION: "who-is-dialled" });
    const sent = (shardId: number) =>
      sim.ledger.events.filter((event) => event.shardId === shardId).map((event) => event.t);
    const got = (shardId: number) =>
      consumer.lines.map((line) => line.split(" ")).filter(([shard]) => shard === String(shardId));

    let unit = await startUnit(settings);
    await unit.ready();
    sim.traffic.setRate(300);
    await until(() => consumer.lines.length > 500, 20_000, consumer.errors);
    const welcomes = () => consumer.errors().split('"op":"welcome"').length - 1;
    assert.equal(welcomes(), connections);
    await unit.end("SIGKILL");
    unit = await startUnit(settings);
    await unit.ready();
    await until(() => consumer.lines.length > 1_500, 20_000, consumer.errors);
    sim.traffic.setRate(0);

    const isComplete = () => [0, 1].every((id) => got(id).length >= sent(id).length);
    assert.equal(welcomes(), 2 * connections);
    await until(isComplete, 10_000, () => `got ${consumer.lines.length}: ${consumer.errors()}`);
    for (const shardId of [0, 1]) {
      assert.deepEqual(got(shardId).map(([, , name]) => name), sent(shardId));
      const cursors = got(shardId).map(([, cursor]) => Number(cursor));
      assert.deepEqual(cursors, cursors.toSorted((a, b) => a - b), "cursors grow");
    }
    assert.equal(sim.ledger.identifies.length, 2, "an identify was spent");
    assert.deepEqual(sim.ledger.violations, []);
    assert.equal(await unit.end("SIGTERM"), 0);
    await consumer.end();
    await discord.close();
    Deno.removeSync(settings.STATE_DIR, { recursive: true });
  });
}
