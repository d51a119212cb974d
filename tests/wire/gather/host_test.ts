/** This computer, as `gatehouse doctor` sees it. */

import assert from "node:assert/strict";
import { gatherHost, permissionsFor, tryPort } from "../../../app/doctor/gather/host.ts";
import { CONFIG_DEFAULTS } from "../../../config/config.ts";

Deno.test("a port that is free stays free, one that is taken is told with the system's code", () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const place = { listenHost: "127.0.0.1", listenPort: listener.addr.port };
  const taken = tryPort(place);
  assert.equal("code" in taken && taken.code, "EADDRINUSE");
  listener.close();
  assert.deepEqual(tryPort(place), { free: true });
  assert.deepEqual(tryPort(place), { free: true });
});

Deno.test("an address that may not be listened on is told, and ends nothing", () => {
  const elsewhere = tryPort({ listenHost: "192.0.2.1", listenPort: 0 });
  assert.equal("code" in elsewhere && elsewhere.code, "NotCapable");
});

Deno.test("a permission that is missing is told as the flag of Deno that gives it", async () => {
  // Tests may talk to this computer only, and write to the temporary folder only.
  const stateDir = "/elsewhere/.gatehouse";
  const { missing, isAll } = await permissionsFor({
    ...CONFIG_DEFAULTS,
    botModule: "./bot.ts",
    stateDir,
  });
  assert.deepEqual(missing, [
    "--allow-net=discord.com:443,*.discord.gg:443",
    `--allow-read=${stateDir}`,
    `--allow-write=${stateDir}`,
  ]);
  assert.equal(isAll, false);
});

Deno.test("settings that are wrong leave nothing to look at but the computer", async () => {
  const facts = await gatherHost(null, "no such file");
  assert.deepEqual([facts.envFile, facts.permissions, facts.port, facts.state], [
    null,
    null,
    null,
    null,
  ]);
  assert.equal(facts.deno, Deno.version.deno);
  assert.equal(facts.inflates.works["zlib-stream"], true);
});
