import assert from "node:assert/strict";
import { permitKey, placeKey } from "../../../../rest/limits/fleet/authority.ts";

Deno.test("the key of a place is no key of a permit, whatever the top-level resource", () => {
  assert.notEqual(placeKey("c"), permitKey("c", ""));
  assert.notEqual(permitKey("c", "channels/1"), permitKey("c", "channels/2"));
});
