import assert from "node:assert/strict";
import { memoryStore } from "../../ports/store.ts";
import { Presences } from "../../store/presences.ts";

Deno.test("Presences are written down where one has changed, and read again", async () => {
  const store = memoryStore();
  const first = new Presences(store);
  await first.save();
  assert.equal(await store.load("presences"), undefined);
  first.set("0/4", { status: "idle" });
  first.set("1/4", { status: "dnd" });
  first.set("1/4", null);
  await first.save();
  const second = await Presences.load(store);
  assert.deepEqual([second.of("0/4"), second.of("1/4")], [{ status: "idle" }, null]);
});

Deno.test("Presences that could not be written are written the next time", async () => {
  const base = memoryStore();
  let isFull = true;
  const presences = new Presences({
    ...base,
    save: (...it) => isFull ? Promise.reject(new Error("disk is full")) : base.save(...it),
  });
  presences.set("0/4", { status: "idle" });
  await assert.rejects(presences.save(), /disk is full/);
  isFull = false;
  await presences.save();
  assert.deepEqual(await base.load("presences"), { "0/4": { status: "idle" } });
});
