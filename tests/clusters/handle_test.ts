import assert from "node:assert/strict";
import { whoIs } from "../../clusters/handle.ts";

Deno.test("whoIs() names a service, and numbers a cluster", () => {
  assert.deepEqual(whoIs({ clusterId: 3 }), { clusterId: 3 });
  assert.deepEqual(whoIs({ clusterId: 500_000, service: "counter" }), { service: "counter" });
});
