/** How a unit stops: to its end, whatever fails on the way. */

import assert from "node:assert/strict";
import { memoryStore } from "../../ports/store.ts";
import { messageOf } from "../../protocol/errors.ts";
import { createVirtualUnit } from "../support/virtual_unit.ts";

const failing = (text: string) => () => Promise.reject(new Error(text));

Deno.test("a unit that stops does so to its end, whatever fails on the way, and tells all of that", async () => {
  const store = memoryStore();
  const rig = createVirtualUnit({
    store,
    startCluster: () => ({
      exited: new Promise(() => {}),
      loaded: Promise.resolve(),
      stop: failing("the service does not end"),
    }),
  });
  const { unit, sim, run } = rig;
  let hasEnded = false;
  (async () => {
    for await (const _ of unit.status());
    hasEnded = true;
  })();
  await rig.start();
  await rig.ready();
  rig.link();
  const gateway = unit.gateway!;
  gateway.door.close = failing("the disk of the door is full");
  gateway.consumers.settle = failing("a client cannot be asked");
  await assert.rejects(run(unit.stop("done")), (error) => {
    const told = "the service does not end; a client cannot be asked; the disk of the door is full";
    assert.equal(messageOf(error), told);
    return true;
  });
  assert.equal(sim.gateway.connections.size, 0, "a socket is open");
  assert.equal(sim.gateway.sessions.all().length, 1, "the session is gone");
  assert.deepEqual(gateway.links.all(), [], "a link is open");
  assert.ok(await store.load("consumers"), "sessions of clients are not written down");
  await rig.clock.advance(0);
  assert.ok(hasEnded, "who reads statuses waits for ever");
});
