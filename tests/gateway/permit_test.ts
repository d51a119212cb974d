import assert from "node:assert/strict";
import { PERMIT_USABLE_MS } from "../../gateway/permit.ts";
import { INTENTS, setUp } from "./shard_stage.ts";

Deno.test("a process that is stopped with a permit in hand asks anew, and sends no IDENTIFY", async () => {
  const { clock, shard, hello, last, sockets, gate } = setUp();
  shard.start(null, 0);
  shard.allow(42, INTENTS);
  clock.freeze(PERMIT_USABLE_MS + 1);
  hello();
  assert.deepEqual([last().sent, gate], [[], ["ask 3", "release 3"]]);
  await clock.advance(5_000);
  assert.deepEqual(gate, ["ask 3", "release 3", "ask 3"]);
  shard.allow(43, INTENTS);
  assert.equal(sockets.length, 2);
  hello();
  assert.equal(gate.at(-1), "sent 3 with 43");
});

Deno.test("a permit may be used for as long as a shard waits for HELLO", () => {
  const { clock, shard, hello, gate } = setUp();
  shard.start(null, 0);
  shard.allow(42, INTENTS);
  clock.freeze(PERMIT_USABLE_MS);
  hello();
  assert.equal(gate.at(-1), "sent 3 with 42");
});
