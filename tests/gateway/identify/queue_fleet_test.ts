/** What whoever leads a fleet needs of the identify queue. */

import assert from "node:assert/strict";
import {
  IDENTIFY_SLACK_MS,
  IdentifyQueue,
  type IdentifyQueueOptions,
  PERMIT_EXPIRES_MS,
} from "../../../gateway/identify/queue.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

const SPACING_MS = 5000 + IDENTIFY_SLACK_MS;

const of = (id: number) => ({ total: 16, id });

function setUp(changed: Partial<IdentifyQueueOptions> = {}) {
  const clock = createVirtualClock();
  const allowed: string[] = [];
  const queue = new IdentifyQueue({
    clock,
    maxConcurrency: 1,
    budget: { total: 1000, remaining: 1000, resetAtMs: clock.epochMs() + 86_400_000 },
    reserve: 100,
    allow: ({ id }) => void allowed.push(`${clock.now()}: ${id}`),
    spent() {},
    ...changed,
  });
  return { clock, allowed, queue };
}

Deno.test("who asks is told apart by the name that is given, and all share the pace of a key", async () => {
  const clock = createVirtualClock();
  const allowed: string[] = [];
  const queue = new IdentifyQueue<{ total: number; id: number; unit: string }>({
    clock,
    maxConcurrency: 1,
    budget: { total: 1000, remaining: 1000, resetAtMs: Number.MAX_SAFE_INTEGER },
    reserve: 0,
    nameOf: ({ unit, id }) => `${unit} ${id}`,
    allow: ({ unit }) => void allowed.push(unit),
    spent() {},
  });
  const [a, b] = ["a", "b"].map((unit) => ({ total: 1, id: 0, unit }));
  queue.request(a!);
  queue.request(b!);
  assert.deepEqual([allowed, [...queue.permits.keys()]], [["a"], ["a 0"]]);
  queue.sent(a!, queue.permits.get("a 0")!.number);
  await clock.advance(SPACING_MS);
  assert.deepEqual(allowed, ["a", "b"]);
});

Deno.test("a permit that somebody else gave keeps its key until it comes back, or is void", async () => {
  const { clock, allowed, queue } = setUp();
  queue.adopt(of(0));
  queue.adopt(of(0));
  queue.request(of(1));
  await clock.advance(20_000);
  assert.deepEqual(allowed, []);
  queue.release(of(0));
  assert.deepEqual(allowed, ["20000: 1"]);
  assert.equal(queue.budget.remaining, 1000);
  queue.release(of(1));
  queue.adopt(of(2));
  queue.request(of(3));
  await clock.advance(PERMIT_EXPIRES_MS + SPACING_MS);
  assert.deepEqual(allowed.slice(1), [`${20_000 + PERMIT_EXPIRES_MS + SPACING_MS}: 3`]);
  assert.equal(queue.budget.remaining, 999);
});

Deno.test("together() allows nobody before all of it is done", () => {
  const { allowed, queue } = setUp();
  queue.together(() => {
    queue.request(of(3));
    queue.request(of(1));
    assert.deepEqual(allowed, []);
  });
  assert.deepEqual(allowed, ["0: 1"]);
});

Deno.test("know() lowers what is left, and never raises it", async () => {
  const { clock, allowed, queue } = setUp({ maxConcurrency: 4, reserve: 0 });
  const resetAtMs = clock.epochMs() + 60_000;
  queue.know({ total: 1000, remaining: 1, resetAtMs });
  queue.know({ total: 1000, remaining: 900, resetAtMs });
  for (const id of [0, 1]) queue.request(of(id));
  assert.deepEqual([allowed.length, queue.snapshot.remaining], [1, 1]);
  await clock.advance(60_000);
  assert.equal(allowed.length, 2, "a day later it is full again");
});
