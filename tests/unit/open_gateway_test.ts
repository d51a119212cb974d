import assert from "node:assert/strict";
import { memoryStore, type Store } from "../../ports/store.ts";
import { createIdentifyQueue } from "../../unit/identify.ts";
import { createRig } from "../support/rig.ts";

for (const name of ["habits", "consumers", "door"]) {
  Deno.test(`a gateway that cannot be made, for ${name} cannot be read, stops what it has begun`, async () => {
    const store = memoryStore();
    const load: Store["load"] = async (which) => {
      if (which === name) throw new Error(`Cannot read ${name}: EIO`);
      return await store.load(which);
    };
    let isGateOpen = false;
    const openGate: typeof createIdentifyQueue = async (options) => {
      isGateOpen = true;
      const stop = () => isGateOpen = false;
      return Object.assign(await createIdentifyQueue(options), { stop });
    };
    const made = createRig({ store: { ...store, load }, openGate });
    await assert.rejects(made, { message: `Cannot read ${name}: EIO` });
    assert.equal(isGateOpen, false);
  });
}
