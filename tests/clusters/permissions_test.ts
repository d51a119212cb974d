import assert from "node:assert/strict";
import {
  clusterPermissions,
  passedVariables,
  permissionFlags,
  variablesOf,
  withOurAdvice,
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

Deno.test("what Deno advises to do about a missing permission is told as our setting", () => {
  const told = {
    'Requires read access to "/srv/a", run again with the --allow-read flag':
      'Requires read access to "/srv/a"; add --allow-read=/srv/a to CLUSTER_PERMISSIONS',
    'x: Requires net access to "db:5432", run again with the --allow-net flag at file:///b.ts:1:2':
      'x: Requires net access to "db:5432"; add --allow-net=db:5432 to CLUSTER_PERMISSIONS at file:///b.ts:1:2',
    "Requires run access to <exec_path>, run again with the --allow-run flag":
      "Requires run access to <exec_path>; add --allow-run=… to CLUSTER_PERMISSIONS",
    'Requires all access to "/proc/x", run again with the --allow-all flag':
      'Requires all access to "/proc/x", which no cluster has',
    "run again": "run again",
  };
  for (const [said, wanted] of Object.entries(told)) assert.equal(withOurAdvice(said), wanted);
});

Deno.test("a flag that is no permission is refused", () => {
  for (const flag of ["--allow-all", "-A", "--inspect", "--allow-net=", "x"]) {
    assert.throws(() => clusterPermissions(UNIT, [flag]), { code: "bad_config" }, flag);
  }
});

Deno.test("variablesOf() names the variables that flags ask for", () => {
  const flags = ["--allow-env=A,B", "--allow-net=a", "--allow-env", "--allow-env=C"];
  assert.deepEqual(variablesOf(flags), ["A", "B", "C"]);
});
