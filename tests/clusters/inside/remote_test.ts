import assert from "node:assert/strict";
import { checkOptions, withDefaults } from "../../../clusters/inside/remote.ts";
import { integer } from "../../../config/readers.ts";
import { silentLog } from "../../../ports/log.ts";

Deno.test("checkOptions() names everything that is wrong, and what cannot be done", () => {
  const options = { unitUrl: "nowhere", clusterId: -1, port: 70_000, windowBytes: undefined };
  const port = integer("a port", 0, 65_535);
  const check = () => checkOptions(options, "serve events", ["secretKey"], { port });
  assert.throws(check, (error: Error) => {
    assert.match(error.message, /^Cannot serve events: secretKey: expected .*received nothing/);
    for (const name of ["unitUrl", "clusterId", "port"]) assert.ok(error.message.includes(name));
    return !error.message.includes("windowBytes");
  });
  checkOptions({ unitUrl: "https://unit.example.com", secretKey: "s" }, "serve", ["secretKey"]);
});

Deno.test("withDefaults() fills in what is not set, and leaves the rest", () => {
  const { log, ...rest } = withDefaults({ clusterId: 3, port: 1 });
  assert.deepEqual(rest, {
    clusterId: 3,
    port: 1,
    unitUrl: "http://127.0.0.1:8787",
    restAuthorization: "remote-cluster",
  });
  assert.equal(typeof log.info, "function");
  assert.equal(withDefaults({ log: silentLog }).log, silentLog);
});
