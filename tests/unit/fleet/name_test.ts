import assert from "node:assert/strict";
import { memoryStore } from "../../../ports/store.ts";
import { UNIT_NAME } from "../../../protocol/fleet.ts";
import { unitNameOf } from "../../../unit/fleet/name.ts";

Deno.test("a unit has the name that is set, and else one that its state folder keeps", async () => {
  const store = memoryStore();
  assert.equal(await unitNameOf("a", store), "a");
  const made = await unitNameOf(null, store);
  assert.match(made, UNIT_NAME);
  assert.equal(await unitNameOf(null, store), made);
  assert.notEqual(await unitNameOf(null, memoryStore()), made);
});

Deno.test("what is kept and cannot be a name is made anew", async () => {
  for (const saved of [{ name: "no name" }, { name: 7 }, "unit"]) {
    const store = memoryStore();
    await store.save("unit", saved);
    const made = await unitNameOf(null, store);
    assert.match(made, UNIT_NAME);
    assert.equal(await unitNameOf(null, store), made);
  }
});
