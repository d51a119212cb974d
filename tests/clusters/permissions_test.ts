import assert from "node:assert/strict";
import {
  clusterPermissions,
  passedVariables,
  permissionFlags,
  workerPermissions,
} from "../../clusters/permissions.ts";

const UNIT = "http://127.0.0.1:8787";
const flags = (...given: string[]) => permissionFlags(clusterPermissions(UNIT, given));

Deno.test("a cluster may talk to its unit, listen for it, and do nothing else", () => {
  assert.deepEqual(flags(), ["--allow-net=127.0.0.1:8787,127.0.0.1:0", "--ignore-env"]);
  assert.deepEqual(workerPermissions(clusterPermissions(UNIT, [])), {
    env: ["WS_NO_BUFFER_UTIL", "WS_NO_UTF_8_VALIDATE"],
    ffi: [],
    import: [],
    net: ["127.0.0.1:8787", "127.0.0.1:0"],
    read: [],
    run: [],
    sys: [],
    write: [],
  });
});

Deno.test("a unit without a port is allowed on the port of its protocol only", () => {
  assert.deepEqual(
    permissionFlags(clusterPermissions("http://unit", [])).at(0),
    "--allow-net=unit:80,127.0.0.1:0",
  );
  assert.deepEqual(
    permissionFlags(clusterPermissions("https://unit", [])).at(0),
    "--allow-net=unit:443,127.0.0.1:0",
  );
});

Deno.test("permissions of one kind are merged", () => {
  assert.deepEqual(
    flags("--allow-net=db:5432", "--allow-read=./data", "--allow-net=cache,db:5432"),
    ["--allow-net=127.0.0.1:8787,127.0.0.1:0,db:5432,cache", "--allow-read=./data", "--ignore-env"],
  );
  assert.deepEqual(flags("--allow-net", "--allow-net=db")[0], "--allow-net");
});

Deno.test("what is denied is passed on to a process, and refused for a thread", () => {
  assert.deepEqual(flags("--deny-net=10.0.0.1").at(-1), "--deny-net=10.0.0.1");
  assert.throws(
    () => workerPermissions(clusterPermissions(UNIT, ["--deny-net=10.0.0.1"])),
    /CLUSTER_ISOLATION=process/,
  );
});

Deno.test("variables are passed by name, and never one that holds a secret of the unit", () => {
  const permissions = clusterPermissions(UNIT, ["--allow-env=DATABASE_URL,REGION"]);
  assert.deepEqual(passedVariables(permissions), ["DATABASE_URL", "REGION"]);
  for (const flag of ["--allow-env", "--allow-env=DISCORD_TOKEN", "--allow-env=A,DISCORD_*"]) {
    assert.throws(() => clusterPermissions(UNIT, [flag]), { code: "bad_config" }, flag);
  }
});

Deno.test("a flag that is no permission is refused", () => {
  for (const flag of ["--allow-all", "-A", "--inspect", "--allow-net=", "x"]) {
    assert.throws(() => clusterPermissions(UNIT, [flag]), { code: "bad_config" }, flag);
  }
});
