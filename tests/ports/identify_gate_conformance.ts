/**
 * What every identify gate must do, whether its authority is here or on another host.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type ShardKey, shardKeyText } from "../../protocol/ids.ts";
import type { Allow, IdentifyGate } from "../../ports/identify_gate.ts";
import { createVirtualClock, type VirtualClock } from "../../sim/wire/virtual_clock.ts";

/** What a gate under test is made for. Its spacing is Discord's. */
export interface GateSetting {
  readonly clock: VirtualClock;
  readonly maxConcurrency: number;
  /** Identifies that are left for the day. */
  readonly remaining: number;
  readonly reserve: number;
  readonly allow: Allow;
}

/** Makes the gate under test. */
export type CreateGate = (setting: GateSetting) => IdentifyGate | Promise<IdentifyGate>;

/** Discord's spacing of a key. */
const SPACING_MS = 5_000;
/** An answer may come from far away. */
const SOON_MS = 1_000;

const of = (id: number, total = 16): ShardKey => ({ total, id });

async function setUp(create: CreateGate, changed: Partial<GateSetting> = {}) {
  const clock = createVirtualClock();
  const grants: { shard: string; permit: number; atMs: number }[] = [];
  const gate = await create({
    clock,
    maxConcurrency: 1,
    remaining: 1000,
    reserve: 100,
    allow: (shard, permit) =>
      void grants.push({ shard: shardKeyText(shard), permit, atMs: clock.now() }),
    ...changed,
  });
  const soon = () => clock.advance(SOON_MS);
  const spaced = () => clock.advance(SPACING_MS + SOON_MS);
  const allowed = () => grants.map(({ shard }) => shard);
  /** Uses the newest permit of a shard. */
  const identify = (shard: ShardKey) => {
    const { permit } = grants.findLast((grant) => grant.shard === shardKeyText(shard))!;
    gate.sent(shard, permit);
    return clock.now();
  };
  return { clock, gate, grants, soon, spaced, allowed, identify };
}

/** Tests one kind of gate. */
export function testIdentifyGate(name: string, create: CreateGate): void {
  Deno.test(`${name} allows who asks, once for each request`, async () => {
    const { gate, soon, spaced, allowed, identify } = await setUp(create);
    gate.request(of(0));
    await soon();
    assert.deepEqual(allowed(), ["0/16"]);
    identify(of(0));
    await spaced();
    assert.deepEqual(allowed(), ["0/16"]);
    gate.request(of(0));
    await soon();
    assert.deepEqual(allowed(), ["0/16", "0/16"]);
  });

  Deno.test(`${name} spaces a key from when IDENTIFY was sent, not from the permit`, async () => {
    const { clock, gate, grants, soon, spaced, allowed, identify } = await setUp(create);
    gate.request(of(0));
    gate.request(of(1));
    await soon();
    await clock.advance(20_000);
    assert.deepEqual(allowed(), ["0/16"]);
    const sentMs = identify(of(0));
    await spaced();
    assert.deepEqual(allowed(), ["0/16", "1/16"]);
    assert.ok(grants[1]!.atMs - sentMs >= SPACING_MS);
  });

  Deno.test(`${name} lets keys go side by side, and groups one after another`, async () => {
    const { gate, soon, spaced, allowed, identify } = await setUp(create, { maxConcurrency: 2 });
    gate.expect([0, 1, 2, 3].map((id) => of(id)));
    for (const id of [3, 2, 1]) gate.request(of(id));
    await soon();
    assert.deepEqual(allowed(), ["1/16"], "group 1 waits for shard 0, which is expected");
    gate.request(of(0));
    await soon();
    assert.deepEqual(allowed(), ["1/16", "0/16"]);
    identify(of(1));
    await spaced();
    assert.equal(allowed().length, 2, "group 1 waits for a permit of group 0");
    identify(of(0));
    await spaced();
    assert.deepEqual(allowed().slice(2).toSorted(), ["2/16", "3/16"]);
  });

  Deno.test(`${name} gives what comes back unused to the next, at no cost`, async () => {
    const { gate, soon, allowed } = await setUp(create);
    gate.request(of(0));
    gate.request(of(1));
    await soon();
    gate.release(of(0));
    await soon();
    assert.deepEqual(allowed(), ["0/16", "1/16"]);
    assert.equal(gate.snapshot.remaining, 1000);
  });

  Deno.test(`${name} allows nothing to who has taken its request back`, async () => {
    const { gate, soon, spaced, allowed, identify } = await setUp(create);
    gate.request(of(0));
    gate.request(of(1));
    gate.request(of(2));
    gate.release(of(2));
    await soon();
    gate.release(of(1));
    identify(of(0));
    await spaced();
    assert.deepEqual([allowed(), gate.snapshot.waiting], [["0/16"], 0]);
  });

  Deno.test(`${name} counts as used what a lost worker held, and forgets what it asked for`, async () => {
    const { gate, soon, spaced, allowed } = await setUp(create);
    for (const id of [0, 1, 2]) gate.request(of(id));
    await soon();
    gate.lost([of(0), of(1)]);
    await soon();
    assert.deepEqual([allowed(), gate.snapshot.remaining], [["0/16"], 999]);
    await spaced();
    assert.deepEqual(allowed(), ["0/16", "2/16"]);
  });

  Deno.test(`${name} counts as used a permit whose shard asks again, or says nothing`, async () => {
    const { clock, gate, grants, soon, allowed } = await setUp(create);
    gate.request(of(0));
    await soon();
    const askedMs = clock.now();
    gate.request(of(0));
    gate.request(of(1));
    await clock.advance(SPACING_MS + SOON_MS);
    assert.deepEqual(allowed(), ["0/16", "0/16"]);
    assert.ok(grants[1]!.atMs - askedMs >= SPACING_MS);
    await clock.advance(120_000);
    assert.deepEqual(allowed(), ["0/16", "0/16", "1/16"]);
    assert.ok(gate.snapshot.remaining <= 998);
  });

  Deno.test(`${name} spaces a key from an IDENTIFY whose permit was void, too`, async () => {
    const { clock, gate, grants, soon, spaced, allowed } = await setUp(create);
    gate.request(of(0));
    await soon();
    gate.release(of(0));
    await soon();
    const sentMs = clock.now();
    gate.sent(of(0), grants[0]!.permit);
    gate.request(of(1));
    await spaced();
    assert.deepEqual(allowed(), ["0/16", "1/16"]);
    assert.ok(grants[1]!.atMs - sentMs >= SPACING_MS);
    assert.equal(gate.snapshot.remaining, 999);
  });

  Deno.test(`${name} never touches the reserve, permits under way included`, async () => {
    const { gate, soon, spaced, allowed, identify } = await setUp(create, {
      maxConcurrency: 8,
      remaining: 5,
      reserve: 3,
    });
    for (const id of [0, 1, 2, 3]) gate.request(of(id));
    await soon();
    assert.deepEqual(allowed().toSorted(), ["0/16", "1/16"]);
    for (const id of [0, 1]) identify(of(id));
    await spaced();
    assert.equal(allowed().length, 2);
    const { remaining, reserve, waiting } = gate.snapshot;
    assert.deepEqual([remaining, reserve, waiting], [3, 3, 2]);
  });

  Deno.test(`${name} does not confuse shards of two totals, which share their key`, async () => {
    const { gate, soon, spaced, allowed, identify } = await setUp(create, { maxConcurrency: 16 });
    const [old, young] = [of(3, 16), of(3, 32)];
    gate.request(young);
    await soon();
    gate.request(old);
    await soon();
    assert.deepEqual(allowed(), ["3/32"]);
    gate.release(old);
    await soon();
    gate.request(old);
    identify(young);
    await spaced();
    assert.deepEqual(allowed(), ["3/32", "3/16"]);
    gate.lost([young]);
    await soon();
    assert.equal(gate.snapshot.remaining, 999, "the other one of its id lost its permit");
  });

  Deno.test(`${name} allows nothing once it is stopped, and still hears what was sent`, async () => {
    const { gate, grants, soon, spaced } = await setUp(create);
    gate.request(of(0));
    gate.request(of(1));
    await soon();
    gate.stop();
    gate.sent(of(0), grants[0]!.permit);
    gate.request(of(2));
    await spaced();
    await spaced();
    assert.equal(grants.length, 1);
    assert.equal(gate.snapshot.remaining, 999);
  });
}
