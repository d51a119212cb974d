import assert from "node:assert/strict";
import { CONFIG_DEFAULTS } from "../../../config/config.ts";
import { logTo } from "../../../ports/log.ts";
import { seededRandom } from "../../../ports/random.ts";
import { memoryStore } from "../../../ports/store.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { gateOpener } from "../../../unit/fleet/identify.ts";
import { createIdentifyQueue } from "../../../unit/identify.ts";
import { createSimBus } from "../../support/fleet/sim_line.ts";

const HOUR_MS = 3_600_000;
const of = (id: number) => ({ total: 4, id });

/** Units `a`, which leads, and `b`, each with what it has written down. */
async function setUp() {
  const world = createVirtualClock();
  const bus = createSimBus({ clock: world, random: seededRandom(1) });
  const lines: string[] = [];
  const unit = async (self: string, written?: number) => {
    const line = bus.line(self);
    const { clock } = line;
    const store = memoryStore();
    if (written !== undefined) {
      const budget = {
        total: 1000,
        remaining: written,
        resetAtMs: clock.epochMs() + HOUR_MS,
      };
      await store.save("identifies", { budget, lastSentAtMs: {} });
    }
    const term = self === "a" ? 1 : null;
    const view = { self, leader: "a", members: ["a", "b"], term, watch: () => () => {} };
    const options = {
      config: { ...CONFIG_DEFAULTS, discordToken: "t", identifyReservePercent: 10 },
      info: {
        url: "wss://gateway.test",
        shards: 4,
        sessionStartLimit: {
          total: 1000,
          remaining: 900,
          resetAfterMs: HOUR_MS,
          maxConcurrency: 1,
        },
      },
      store,
      clock,
      log: logTo((_, event, fields) => void lines.push(`${self}: ${event} ${fields.reason ?? ""}`)),
      notSaved: (error: unknown) => assert.fail(String(error)),
    };
    const allowed: number[] = [];
    const gate = await gateOpener({ line, view })({
      ...options,
      allow: (shard, permit) => {
        allowed.push(shard.id);
        gate.sent(shard, permit);
      },
    });
    return { gate, store, allowed, options };
  };
  const [a, b] = [await unit("a"), await unit("b", 103)];
  await world.advance(6_000);
  return { world, bus, lines, a, b };
}

Deno.test("units bring what they have written down into the fleet's count, and write that down", async () => {
  const { world, a, b } = await setUp();
  assert.deepEqual([a.gate.snapshot.remaining, b.gate.snapshot.remaining], [103, 103]);
  for (const id of [0, 1]) a.gate.request(of(id));
  b.gate.request(of(2));
  await world.advance(40_000);
  assert.deepEqual([a.allowed, b.allowed], [[0, 1], [2]]);
  for (const { store } of [a, b]) {
    const { budget } = await store.load("identifies") as { budget: { remaining: number } };
    assert.equal(budget.remaining, 100);
  }
  const alone = await createIdentifyQueue({ ...a.options, allow() {} });
  assert.equal(alone.snapshot.remaining, 100, "a unit that is by itself again goes on from it");
});

Deno.test("a unit of a fleet says in its log why its shards wait, and that they go on", async () => {
  const { world, bus, lines, b } = await setUp();
  lines.length = 0;
  bus.stop();
  await world.advance(1_000);
  b.gate.request(of(2));
  await world.advance(40_000);
  bus.start();
  await world.advance(30_000);
  assert.deepEqual(lines.filter((line) => line.startsWith("b")), [
    "b: identifies are held back, shards wait until the fleet can be asked: " +
    "the line to the other units is down",
    "b: identifies go on ",
  ]);
});

Deno.test("a unit that stops neither identifies nor leads", async () => {
  const { world, a, b } = await setUp();
  a.gate.stop();
  b.gate.request(of(2));
  a.gate.request(of(0));
  await world.advance(30_000);
  assert.deepEqual([a.allowed, b.allowed], [[], []]);
  assert.match(b.gate.snapshot.held?.away ?? "", /^unit a, which leads, did not answer/);
});
