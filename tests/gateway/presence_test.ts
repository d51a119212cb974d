import assert from "node:assert/strict";
import { MOST_IDENTIFY_PRESENCE_BYTES, ShardPresence } from "../../gateway/presence.ts";
import { GatehouseError } from "../../protocol/errors.ts";

const IDLE = { status: "idle" };
const DND = { status: "dnd" };
const sent = Promise.resolve();

function refuses(code: "deadline" | "too_large" | "not_ready"): Promise<void> {
  return Promise.reject(new GatehouseError(code, "caller", "no"));
}

function setUp(wanted: object | null = null) {
  const left: unknown[] = [];
  const presence = new ShardPresence(
    wanted as Record<string, unknown> | null,
    (changed) => left.push(changed),
  );
  return { left, presence };
}

Deno.test("ShardPresence gives each IDENTIFY what was sent last, and leaves it to the next life", async () => {
  const { left, presence } = setUp();
  assert.equal(presence.identify(), undefined);
  await presence.follow(IDLE, sent);
  await presence.follow(DND, sent);
  assert.deepEqual([presence.identify(), presence.identify()], [DND, DND]);
  assert.deepEqual(left, [IDLE, DND]);
  assert.equal(presence.takeDue(), null);
});

Deno.test("ShardPresence does not tell a session that is resumed what it was told in an earlier life", () => {
  const { left, presence } = setUp(IDLE);
  assert.equal(presence.takeDue(), null);
  assert.equal(presence.identify(), IDLE);
  assert.deepEqual(left, []);
});

Deno.test("ShardPresence tells the next session that is ready what came too late, once", async () => {
  const { left, presence } = setUp(IDLE);
  await presence.follow(DND, refuses("deadline"));
  assert.equal(presence.takeDue(), DND);
  assert.equal(presence.takeDue(), null);
  assert.deepEqual(left, [DND]);
});

Deno.test("ShardPresence keeps nothing that was refused, or that Discord cannot read", async () => {
  const { left, presence } = setUp(IDLE);
  await presence.follow(DND, refuses("too_large"));
  await presence.follow(DND, refuses("not_ready"));
  await presence.follow({ status: 7 }, sent);
  assert.equal(presence.identify(), IDLE);
  assert.deepEqual(left, []);
});

Deno.test("ShardPresence tells after READY what IDENTIFY has no room for", async () => {
  const { presence } = setUp();
  const long = { status: "x".repeat(MOST_IDENTIFY_PRESENCE_BYTES) };
  await presence.follow(long, sent);
  assert.equal(presence.identify(), undefined);
  assert.equal(presence.takeDue(), long);
  assert.equal(presence.takeDue(), null);
});

Deno.test("ShardPresence forgets what an IDENTIFY carried that Discord could not read", async () => {
  const { left, presence } = setUp(IDLE);
  presence.identify();
  assert.equal(presence.refused(), true);
  assert.equal(presence.identify(), undefined);
  assert.equal(presence.refused(), false, "there was nothing that could be at fault");
  assert.deepEqual(left, [null]);
  await presence.follow(DND, sent);
  assert.equal(presence.identify(), DND);
});
