/** Libraries that go by a multiple of our total: each has a part of one of our shards, and each event of it once. */

import assert from "node:assert/strict";
import { memoryStore } from "../../ports/store.ts";
import { calculateShardId } from "../../protocol/ids.ts";
import { connect, type Library } from "../support/library.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { createRig, type Rig, type RigOptions } from "../support/rig.ts";
import { ABSENT_MS } from "../../unit/consumers/split.ts";

const PARTS = [0, 1, 2, 3];
const ONE: RigOptions = {
  shards: 1,
  sim: { guilds: 12 },
  config: { cache: ["guilds", "voice"] },
};

async function open(rig: Rig): Promise<Rig> {
  rig.start();
  await rig.ready();
  await rig.clock.advance(1_000);
  const sent: string[][] = PARTS.map(() => []);
  sentBy.set(rig.sim, sent);
  rig.sim.world.listen((t, guildId, { key }) => {
    if (t !== "MESSAGE_CREATE") return;
    sent[guildId === null ? 0 : calculateShardId(guildId, 4)]!.push(key);
  });
  return rig;
}

async function identify(rig: Rig, part: number): Promise<Library> {
  const library = connect(rig);
  library.identify(undefined, [part, 4]);
  await rig.clock.advance(200);
  assert.equal(library.got[1]?.t, "READY", `${library.closedWith}`);
  assert.deepEqual(library.got[1]!.d.shard, [part, 4]);
  return library;
}

/** The part that an event is for. */
function ownerOf(t: string, d: { id?: string; guild_id?: string }): number {
  const isGuild = ["GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE"].includes(t);
  const guildId = isGuild ? d.id : d.guild_id;
  return guildId === undefined ? 0 : calculateShardId(guildId, 4);
}

/** Ids of the messages that a library got, in order. */
const messages = (...libraries: Library[]) =>
  libraries.flatMap((library) => library.events()).filter(({ t }) => t === "MESSAGE_CREATE")
    .map(({ d }) => d.id as string);

/** Ids of the messages that Discord has sent, by the part that they are for. */
const sentBy = new WeakMap<Rig["sim"], string[][]>();

function sentTo({ sim }: Rig, part: number): string[] {
  return sentBy.get(sim)![part]!;
}

async function traffic(rig: Rig, ms: number): Promise<void> {
  rig.sim.traffic.setRate(60);
  await rig.clock.advance(ms);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(1_000);
}

Deno.test("four libraries of total 4 over our one shard have its guilds and its events in parts", async () => {
  const rig = await open(await createRig(ONE));
  const libraries = [];
  for (const part of PARTS) libraries.push(await identify(rig, part));
  await traffic(rig, 5_000);
  const guilds = new Set<string>();
  for (const [part, library] of libraries.entries()) {
    for (const { t, d } of library.events()) {
      assert.equal(ownerOf(t!, d), part, `${t} came to part ${part}`);
    }
    const listed = library.got[1]!.d.guilds.map(({ id }: { id: string }) => id);
    const created = library.events().filter(({ t }) => t === "GUILD_CREATE").map(({ d }) => d.id);
    assert.deepEqual(created.sort(), listed.sort(), `guilds of part ${part}`);
    for (const id of listed) guilds.add(id);
    assert.deepEqual(messages(library), sentTo(rig, part));
    const numbers = library.events().map(({ s }) => s!);
    assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
  }
  assert.equal(guilds.size, 12);
  assert.ok(messages(...libraries).length > 50);
  rig.assertNoViolations();
});

Deno.test("a part that is restarted, by RESUME and by IDENTIFY, costs neither itself nor the others an event", async () => {
  const rig = await open(await createRig({ ...ONE, openSpool: memorySpool() }));
  const others = [];
  for (const part of [0, 2, 3]) others.push(await identify(rig, part));
  const first = await identify(rig, 1);
  await traffic(rig, 2_000);
  first.close(1006);
  await traffic(rig, 2_000);
  const second = connect(rig);
  second.resume(first.sessionId(), first.last());
  await traffic(rig, 2_000);
  assert.ok(second.got.some(({ t }) => t === "RESUMED"));
  second.acknowledge();
  second.close(1000);
  await rig.clock.advance(100);
  const third = await identify(rig, 1);
  await traffic(rig, 2_000);
  assert.deepEqual(messages(first, second, third), sentTo(rig, 1));
  for (const [at, part] of [0, 2, 3].entries()) {
    assert.deepEqual(messages(others[at]!), sentTo(rig, part), `part ${part}`);
  }
});

for (const how of ["SIGTERM", "SIGKILL"] as const) {
  Deno.test(`parts resume where they were over a restart of the unit by ${how}`, async () => {
    const kept = { store: memoryStore(), openSpool: memorySpool() };
    const first = await open(await createRig({ ...ONE, ...kept }));
    const before = [];
    for (const part of PARTS) before.push(await identify(first, part));
    await traffic(first, 3_000);
    for (const library of before) library.acknowledge();
    first.sim.traffic.setRate(60);
    await first.clock.advance(1_500);
    if (how === "SIGTERM") await first.stop();
    else for (const thread of [...first.alive]) thread.die();
    const second = await createRig({ ...ONE, ...kept, earlier: first });
    second.start();
    await second.ready();
    const after = before.map((library) => {
      const back = connect(second);
      back.resume(library.sessionId(), library.last());
      return back;
    });
    await second.clock.advance(2_000);
    second.sim.traffic.setRate(0);
    await second.clock.advance(1_000);
    for (const part of PARTS) {
      assert.ok(after[part]!.got.some(({ t }) => t === "RESUMED"), `part ${part}`);
      assert.deepEqual(messages(before[part]!, after[part]!), sentTo(second, part), `part ${part}`);
    }
    assert.equal(second.identifies(), 1);
  });
}

Deno.test("a part that comes late gets all that came for it, and was missed aloud", async () => {
  const rig = await open(await createRig({ ...ONE, openSpool: memorySpool() }));
  const there = [];
  for (const part of [0, 1, 2]) there.push(await identify(rig, part));
  await traffic(rig, 3_000);
  for (let waitedMs = 0; waitedMs < ABSENT_MS; waitedMs += ABSENT_MS / 2) {
    for (const library of there) library.acknowledge();
    await rig.clock.advance(ABSENT_MS / 2);
  }
  for (const library of there) library.acknowledge();
  const missed = rig.logged.filter(({ event }) => event.startsWith("events wait for a client"));
  assert.deepEqual(missed.map(({ fields }) => fields.part), ["[3, 4]"]);
  const late = await identify(rig, 3);
  await traffic(rig, 1_000);
  assert.deepEqual(messages(late), sentTo(rig, 3));
  for (const part of [0, 1, 2]) assert.deepEqual(messages(there[part]!), sentTo(rig, part));
});

Deno.test("parts wait for one that is away once their window is full, and all go on when it is back", async () => {
  const config = { ...ONE.config, queueMemoryBytes: 1024 * 1024 };
  const rig = await open(await createRig({ ...ONE, config, openSpool: memorySpool() }));
  const there = [];
  for (const part of [0, 1, 2]) there.push(await identify(rig, part));
  const gone = await identify(rig, 3);
  await traffic(rig, 500);
  gone.close(1006);
  rig.sim.traffic.setRate(400);
  await rig.clock.advance(10_000);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(1_000);
  assert.ok(messages(there[0]!).length < sentTo(rig, 0).length, "nobody had to wait");
  const back = connect(rig);
  back.resume(gone.sessionId(), gone.last());
  await rig.clock.advance(20_000);
  assert.deepEqual(messages(gone, back), sentTo(rig, 3));
  for (const part of [0, 1, 2]) assert.deepEqual(messages(there[part]!), sentTo(rig, part));
});

Deno.test("parts of several shards have the events of theirs", async () => {
  const rig = await open(await createRig({ ...ONE, shards: 2 }));
  const libraries = [];
  for (const part of PARTS) libraries.push(await identify(rig, part));
  await traffic(rig, 5_000);
  for (const [part, library] of libraries.entries()) {
    assert.deepEqual(messages(library), sentTo(rig, part), `part ${part}`);
  }
});

Deno.test("who divides a shard by another total, or takes all of it, takes over from all parts, and loses nothing", async () => {
  const rig = await open(await createRig({ ...ONE, openSpool: memorySpool() }));
  const four: Library[] = [];
  for (const part of PARTS) four.push(await identify(rig, part));
  await traffic(rig, 1_000);
  for (const library of four) library.acknowledge();
  const halves: Library[] = [];
  for (const id of [0, 1]) {
    const half = connect(rig);
    half.identify(undefined, [id, 2]);
    await rig.clock.advance(200);
    assert.equal(half.got[1]?.t, "READY", `${half.closedWith}`);
    halves.push(half);
  }
  assert.deepEqual(four.map(({ closedWith }) => closedWith), [4409, 4409, 4409, 4409]);
  await traffic(rig, 1_000);
  for (const library of halves) library.acknowledge();
  await rig.clock.advance(100);
  const whole = connect(rig);
  whole.identify(undefined, [0, 1]);
  await traffic(rig, 1_000);
  assert.deepEqual(halves.map(({ closedWith }) => closedWith), [4409, 4409]);
  for (const part of PARTS) {
    const came = new Set(messages(four[part]!, ...halves, whole));
    assert.deepEqual(sentTo(rig, part).filter((id) => !came.has(id)), [], `part ${part}`);
  }
});
