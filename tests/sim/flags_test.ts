import assert from "node:assert/strict";
import { SIM_NUMBERS } from "../../sim/flags.ts";

Deno.test("every number of the simulator has a default within its bounds", () => {
  for (const [name, { default: byDefault, least, most }] of Object.entries(SIM_NUMBERS)) {
    assert.ok(least <= byDefault && byDefault <= most, name);
  }
});
