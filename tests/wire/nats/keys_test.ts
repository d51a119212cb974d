import assert from "node:assert/strict";
import { testKeys } from "../../ports/fleet/keys_conformance.ts";
import { ofEachNats } from "../../support/nats_server.ts";
import { openPair } from "./lines.ts";

ofEachNats("the keys of NATS", (program, title) => {
  testKeys(title, async () => {
    const { here, there, settle, end } = await openPair(program);
    return { here: here.keys, there: there.keys, settle, run: (promise) => promise, end };
  });

  Deno.test(`${title} hold 350 KiB, and refuse what is too large`, async () => {
    const { here, there, end } = await openPair(program);
    const much = "x".repeat(350 * 1024);
    await here.keys.put("estate.0.1", much);
    assert.equal((await there.keys.get("estate.0.1"))?.value, much);
    await assert.rejects(here.keys.put("estate.0.1", much + much + much), { code: "too_large" });
    assert.ok(here.isUp);
    await end();
  });
});
