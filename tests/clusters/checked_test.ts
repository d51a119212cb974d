import assert from "node:assert/strict";
import { startChecked } from "../../clusters/checked.ts";
import type { ClusterExit, RunningCluster } from "../../clusters/place.ts";

function stage() {
  const check = Promise.withResolvers<string | undefined>();
  const exited = Promise.withResolvers<ClusterExit>();
  const did: string[] = [];
  const start = (): RunningCluster => {
    did.push("start");
    return {
      exited: exited.promise,
      loaded: Promise.resolve(),
      stop: (deadlineMs) => {
        did.push(`stop ${deadlineMs}`);
        exited.resolve({ code: 0, reason: "asked to" });
        return Promise.resolve();
      },
    };
  };
  return { check, did, cluster: (begin = start) => startChecked(check.promise, begin) };
}

Deno.test("startChecked() starts what nothing is said against, and is then that cluster", async () => {
  const { check, did, cluster } = stage();
  const running = cluster();
  assert.deepEqual(did, []);
  check.resolve(undefined);
  await running.loaded;
  await running.stop(7);
  assert.deepEqual(did, ["start", "stop 7"]);
  assert.deepEqual(await running.exited, { code: 0, reason: "asked to" });
});

Deno.test("startChecked() starts nothing that something is said against", async () => {
  const { check, did, cluster } = stage();
  check.resolve("it imports .env");
  assert.deepEqual(await cluster().exited, { code: 1, reason: "it imports .env" });
  assert.deepEqual(did, []);
});

Deno.test("startChecked() ends with what its check or its start throws", async () => {
  const { check, cluster } = stage();
  check.reject(new Error("no deno"));
  assert.deepEqual(await cluster().exited, { code: 1, reason: "no deno" });
  const other = stage();
  other.check.resolve(undefined);
  const failing = other.cluster(() => {
    throw new Error("no process");
  });
  assert.deepEqual(await failing.exited, { code: 1, reason: "no process" });
});

Deno.test("startChecked() that is stopped before it runs never does, and nobody is to blame", async () => {
  const { check, did, cluster } = stage();
  const running = cluster();
  await running.stop(7);
  check.resolve(undefined);
  assert.deepEqual(await running.exited, { code: null, reason: "stopped before it ran" });
  assert.deepEqual(did, []);
});
