import { LocalKeys } from "../../../ports/fleet/keys.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { testKeys } from "./keys_conformance.ts";

testKeys("LocalKeys", () => {
  const clock = createVirtualClock();
  const keys = new LocalKeys();
  const soon = (then: () => void) => void clock.after(0, then);
  return {
    here: keys.open(soon),
    there: keys.open(soon),
    settle: () => clock.advance(1),
    async run(promise) {
      promise.catch(() => {});
      await clock.advance(1);
      return await promise;
    },
  };
});
