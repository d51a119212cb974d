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

/** A store of which one file is read when a test says so. */
function heldStore(name: string) {
  const store = memoryStore();
  const held = Promise.withResolvers<void>();
  const load: typeof store.load = async (which) => {
    if (which === name) await held.promise;
    return await store.load(which);
  };
  return { store: { ...store, load }, held, kept: store };
}

for (const name of ["estates", "reshard", "identifies", "consumers", "door"]) {
  Deno.test(`a unit that is stopped while it reads ${name} waits for that, and closes what is open`, async () => {
    const { store, held } = heldStore(name);
    const rig = createVirtualUnit({ store });
    const before = rig.clock.pending;
    const started = assert.rejects(rig.unit.start(), /the unit stops: SIGTERM/);
    await rig.clock.advance(1_000);
    let isOver = false;
    const stopped = rig.unit.stop("SIGTERM").then(() => isOver = true);
    await rig.clock.advance(1_000);
    assert.equal(isOver, false, "the next unit may have the folder, and this one reads in it");
    held.resolve();
    await rig.run(stopped);
    await started;
    assert.equal(rig.clock.pending, before, "something goes on");
  });

  Deno.test(`a unit that cannot read ${name} closes what is open, and loses nothing`, async () => {
    const { store, held, kept } = heldStore(name);
    const saved = { stream: "s", sessions: "of an earlier life" };
    for (const each of ["consumers", "door"]) await kept.save(each, saved);
    const rig = createVirtualUnit({ store });
    const before = rig.clock.pending;
    const started = assert.rejects(rig.unit.start(), /EIO/);
    await rig.clock.advance(1_000);
    held.reject(new Error("EIO"));
    await started;
    await rig.run(rig.unit.stop("it could not start"));
    assert.equal(rig.clock.pending, before, "something goes on");
    assert.deepEqual(await kept.load(name === "door" ? "door" : "consumers"), saved);
  });
}
