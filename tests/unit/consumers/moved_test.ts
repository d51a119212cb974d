/** Clients on /gateway while the guilds of their shards move to another total: every event once, in order. */

import assert from "node:assert/strict";
import { OP } from "../../../protocol/discord/opcodes.ts";
import { seededRandom } from "../../../ports/random.ts";
import { lotsOf } from "../../../protocol/reshard.ts";
import { guildAt, movingUnit } from "../../support/moving_unit.ts";
import { patientBot, type PatientLibrary, patientLibrary } from "../../support/patient_library.ts";

/** Sends events of guilds 0 to 11 for a while. */
async function traffic(unit: ReturnType<typeof movingUnit>, rounds = 5): Promise<string[]> {
  const names: string[] = [];
  for (let round = 0; round < rounds; round++) {
    for (let place = 0; place < 12; place++) names.push(unit.event(place));
    await unit.clock.advance(30);
  }
  return names;
}

Deno.test("a client by the old total goes on over the shards that its guilds have moved to, without a word", async () => {
  const unit = movingUnit({ from: 2, to: 4 });
  await unit.consumers.load();
  const library = patientLibrary(unit, [0, 2]);
  await unit.clock.advance(100);
  const sent = await traffic(unit);
  unit.rise(0);
  sent.push(...await traffic(unit));
  await unit.handOver(0);
  sent.push(...await traffic(unit));
  await unit.clock.advance(2_000);
  const own = sent.filter((_, at) => at % 2 === 0);
  assert.deepEqual(library.names(), own);
  assert.equal(library.count("READY"), 1);
  assert.equal(library.count("GUILD_DELETE"), 0, "that the others had a session is nothing to it");
  assert.equal(library.got.filter(({ op }) => op === OP.INVALID_SESSION).length, 0);
  const numbers = library.numbers();
  assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
  assert.deepEqual(unit.unacknowledged(), []);
});

const bot = (unit: ReturnType<typeof movingUnit>, total: number) =>
  patientBot(unit, total, unit.total);

/** Every event once, and those of a guild in order. */
function assertOnce(sent: readonly string[], all: readonly PatientLibrary[], about: string): void {
  const got = all.flatMap((library) => library.names());
  const missing = sent.filter((name) => !got.includes(name));
  const twice = got.filter((name, at) => got.indexOf(name) !== at);
  const wrong = [...missing.map((name) => `- ${name}`), ...twice.map((name) => `+ ${name}`)];
  assert.equal(wrong.length, 0, `${wrong.slice(0, 5).join()} of ${sent.length}, ${about}`);
  for (const library of all) {
    const places = Map.groupBy(
      library.got.filter(({ t }) => t?.startsWith("EVENT_")),
      ({ d }) => d.guild_id,
    );
    for (const events of places.values()) {
      const order = events.map(({ t }) => Number(t!.slice(6)));
      assert.deepEqual(order, order.toSorted((a, b) => a - b), about);
    }
  }
}

const WAYS: readonly (readonly [from: number, to: number, client: number, sees: string])[] = [
  [1, 2, 1, "nothing"],
  [2, 4, 2, "nothing"],
  [2, 4, 1, "nothing"],
  [2, 4, 4, "nothing"],
  [2, 4, 8, "nothing"],
  [4, 2, 4, "nothing"],
  [4, 2, 2, "nothing"],
  [2, 6, 2, "nothing"],
  [4, 6, 2, "nothing"],
  [4, 6, 12, "nothing"],
  [3, 4, 1, "nothing"],
  [4, 6, 4, "its total fits no more"],
  [3, 4, 3, "its total fits no more"],
  [4, 6, 6, "its total fits at the end"],
];

for (const [from, to, client, sees] of WAYS) {
  Deno.test(`${from} to ${to} shards: a bot that goes by ${client} gets every event once, whatever happens; it sees ${sees}`, async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = seededRandom(seed);
      const unit = movingUnit({ from, to });
      const about = () => `seed ${seed}, moved ${unit.moved}\n${unit.lines.join("\n")}`;
      await unit.consumers.load();
      const own = bot(unit, client);
      await unit.clock.advance(3_000);
      const sent: string[] = [];
      const some = async (rounds: number) => {
        for (let round = 0; round < rounds; round++) {
          for (let place = 0; place < 24; place++) {
            if (random() < 0.3) sent.push(unit.event(place));
          }
          if (random() < 0.1) own.own[Math.floor(random() * own.own.length)]!.cut();
          await unit.clock.advance(random() * 100);
          own.look();
        }
      };
      const rests = lotsOf(from, to).map(({ rest }) => rest).sort(() => random() - 0.5);
      for (const rest of rests) {
        await some(5);
        unit.rise(rest);
        await some(10);
        await unit.handOver(rest, () => {
          if (random() < 0.3) own.own[Math.floor(random() * own.own.length)]!.cut();
        });
      }
      // What came before a client of the total to come could have any is nobody's here.
      if (sees === "its total fits at the end") {
        await unit.clock.advance(3_000);
        sent.length = 0;
      }
      await some(20);
      for (let s = 0; s < 15; s++) {
        await unit.clock.advance(1_000);
        own.look();
      }
      assertOnce(sent, own.all, about());
      assert.deepEqual(unit.unacknowledged(), [], about());
      if (sees !== "nothing") continue;
      assert.equal(own.all.length, client, about());
      const restarts = own.all.map(({ count }) => count("READY"));
      if (client >= 2) assert.ok(restarts.every((count) => count <= 3), about());
    }
  });
}

Deno.test("what only says that others have served is done with at once, by clients that have everything", async () => {
  const unit = movingUnit({ from: 1, to: 2 });
  await unit.consumers.load();
  const library = patientLibrary(unit, [0, 1]);
  await unit.clock.advance(100);
  unit.rise(0);
  await traffic(unit);
  await unit.handOver(0);
  await unit.clock.advance(200);
  assert.deepEqual(unit.unacknowledged(), []);
  for (const id of [0, 1]) {
    const { bot, last } = unit.queueOf({ total: 2, id });
    assert.equal(bot.acknowledged, last);
  }
  assert.equal(library.count("READY"), 1);
});

Deno.test("clients of a shard that is held back are asked for a heartbeat, again and again, and no others", async () => {
  const unit = movingUnit({ from: 2, to: 4 });
  await unit.consumers.load();
  const libraries = [0, 1].map((id) => patientLibrary(unit, [id, 2]));
  await unit.clock.advance(10_000);
  unit.event(0);
  unit.event(1);
  const asked = () =>
    libraries.map(({ got }) => got.filter(({ op }) => op === OP.HEARTBEAT).length);
  assert.deepEqual(asked(), [0, 0]);
  unit.consumers.held({ total: 2, id: 0 });
  assert.deepEqual(asked(), [1, 0]);
  await unit.clock.advance(100);
  assert.equal(unit.queueOf({ total: 2, id: 0 }).bot.acknowledged, 1, "long before it is due");
  unit.consumers.lifted({ total: 2, id: 0 });
});

Deno.test("who reads beside the bot goes on over the shards that its guilds have moved to, each by itself", async () => {
  const unit = movingUnit({ from: 2, to: 4 });
  await unit.consumers.load();
  const bots = [0, 1].map((id) => patientLibrary(unit, [id, 2]));
  const logger = patientLibrary(unit, [0, 1], "secret:logger");
  const audit = patientLibrary(unit, [1, 2], "secret:audit");
  await unit.clock.advance(100);
  const sent = await traffic(unit);
  for (const rest of [1, 0]) {
    unit.rise(rest);
    sent.push(...await traffic(unit));
    audit.cut();
    await unit.handOver(rest);
    sent.push(...await traffic(unit));
  }
  await unit.clock.advance(3_000);
  const odd = sent.filter((_, at) => at % 2 === 1);
  assertOnce(sent, bots, "bot");
  assertOnce(sent, [logger], "logger");
  assertOnce(odd, [audit], "audit");
  assert.deepEqual([logger, audit].map(({ count }) => count("READY")), [1, 1]);
  for (const { key, readers, last } of unit.queues.values()) {
    if (key.total !== 4) continue;
    for (const [name, { acknowledged }] of readers) assert.equal(acknowledged, last, name);
  }
});

Deno.test("a client goes on where two lots of its own move at the same moment, and a third while it is on its way", async () => {
  const unit = movingUnit({ from: 3, to: 6 });
  await unit.consumers.load();
  const library = patientLibrary(unit, [0, 1]);
  await unit.clock.advance(100);
  const sent = await traffic(unit);
  for (const rest of [0, 1, 2]) unit.rise(rest);
  sent.push(...await traffic(unit));
  for (const rest of [0, 1, 2]) await unit.holdBack(rest);
  const turns = [unit.turnOver(0), unit.turnOver(1)];
  await Promise.resolve();
  turns.push(unit.turnOver(2));
  const given = unit.shards().filter(({ key, bot }) => key.total === 6 && bot.peer !== null);
  assert.deepEqual(given.map(({ key }) => key), [], "none is a cluster's for a moment");
  await Promise.all([...turns, unit.clock.advance(50)]);
  sent.push(...await traffic(unit));
  await unit.clock.advance(3_000);
  assert.deepEqual(library.names(), sent);
  assert.equal(library.count("READY"), 1);
  assert.deepEqual(unit.unacknowledged(), []);
});

/** Another life of a unit, over what is left of this one. */
function nextLife(
  { clock, store, queues, moved }: ReturnType<typeof movingUnit>,
  [from, to]: readonly [number, number],
): ReturnType<typeof movingUnit> {
  for (const queue of queues.values()) {
    queue.bot.peer = null;
    queue.bot.sent = queue.bot.acknowledged;
  }
  return movingUnit({ from, to, clock, store, queues, moved });
}

const LIVES = [[2, 4, 2], [2, 4, 1], [4, 2, 4], [2, 4, 4]] as const;
const MOMENTS = [
  "it is written down that a lot has moved",
  "its clients have moved",
  "its clients have gone on",
  "its clients have gone on, in good order",
];

for (const [from, to, client] of LIVES) {
  for (const moment of MOMENTS) {
    Deno.test(`${from} to ${to} shards: a bot that goes by ${client} gets every event once, also where the unit ends when ${moment}`, async () => {
      const first = movingUnit({ from, to });
      await first.consumers.load();
      const own = bot(first, client);
      await first.clock.advance(100);
      const sent = await traffic(first);
      first.rise(0);
      sent.push(...await traffic(first));
      await first.clock.advance(500);
      let next: ReturnType<typeof movingUnit> | null = null;
      const kill = async () => {
        next = nextLife(first, [from, to]);
        await next.consumers.load();
        for (const library of own.all) library.moveTo(next.consumers);
      };
      if (moment === MOMENTS[0]) {
        await first.handOver(0, () => {
          first.consumers.isStopped = true;
          for (const library of own.all) library.moveTo({ accept: () => NOBODY });
        });
        await kill();
      } else {
        await first.handOver(0);
        if (moment !== MOMENTS[1]) sent.push(...await traffic(first));
        if (moment.endsWith("order")) {
          await Promise.all([first.consumers.settle(), first.clock.advance(2_000)]);
          await Promise.all([first.consumers.stop(), first.clock.advance(2_000)]);
        } else await first.clock.advance(500);
        await kill();
      }
      await first.clock.advance(3_000);
      const later = await traffic(next!);
      await first.clock.advance(15_000);
      const all = [...sent, ...later];
      const repeats = own.all.flatMap(({ got }) => got.filter(({ t }) => t === "GATEHOUSE_REPEAT"));
      if (repeats.length === 0) assertOnce(all, own.all, `moved ${first.moved}`);
      const names = own.names();
      assert.deepEqual(all.filter((name) => !names.includes(name)), []);
      assert.deepEqual(next!.unacknowledged(), []);
    });
  }
}

const NOBODY = { text() {}, binary() {}, failed() {}, closed() {} };

Deno.test("commands of a client go to whoever has the guild by then; a presence to all shards that it is made of", async () => {
  const unit = movingUnit({ from: 2, to: 4 });
  await unit.consumers.load();
  const library = patientLibrary(unit, [0, 1]);
  await unit.clock.advance(100);
  unit.rise(0);
  await unit.handOver(0);
  library.send(OP.PRESENCE_UPDATE, { status: "idle", activities: [], since: null, afk: false });
  await unit.clock.advance(10);
  assert.deepEqual(unit.up.map(([shard]) => shard).sort(), ["0/4", "1/2", "2/4"]);
  unit.up.length = 0;
  library.send(OP.VOICE_STATE_UPDATE, { guild_id: guildAt(2), channel_id: null });
  await unit.clock.advance(10);
  assert.deepEqual(unit.up, [["2/4", OP.VOICE_STATE_UPDATE]]);
});
