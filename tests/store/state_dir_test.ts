import assert from "node:assert/strict";
import { openStateDir } from "../../store/state_dir.ts";

async function inTempDir(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const modeOf = async (path: string) => (await Deno.stat(path)).mode! & 0o777;

Deno.test("openStateDir() makes its folder, with those above it, for its owner only", () =>
  inTempDir(async (dir) => {
    await openStateDir(`${dir}/a/b`);
    if (Deno.build.os !== "windows") assert.equal(await modeOf(`${dir}/a/b`), 0o700);
    await openStateDir(`${dir}/a/b`);
  }));

Deno.test("a value that was saved is there for the next life, by name", () =>
  inTempDir(async (dir) => {
    const store = await openStateDir(dir);
    await store.save("sessions", { shards: { 3: { seq: 7 } } });
    await store.save("identifies", [1, 2]);
    const next = await openStateDir(dir);
    assert.deepEqual(await next.load("sessions"), { shards: { 3: { seq: 7 } } });
    assert.deepEqual(await next.load("identifies"), [1, 2]);
  }));

Deno.test("a value that was never saved is undefined, a saved null is null", () =>
  inTempDir(async (dir) => {
    const store = await openStateDir(dir);
    assert.equal(await store.load("sessions"), undefined);
    await store.save("sessions", null);
    assert.equal(await store.load("sessions"), null);
  }));

Deno.test("a file is readable by its owner only, and no temporary one stays", () =>
  inTempDir(async (dir) => {
    const store = await openStateDir(dir);
    await store.save("sessions", { secret: "session id" });
    const names = [...Deno.readDirSync(dir)].map((entry) => entry.name);
    assert.deepEqual(names, ["sessions.json"]);
    if (Deno.build.os !== "windows") assert.equal(await modeOf(`${dir}/sessions.json`), 0o600);
  }));

Deno.test("a shorter value leaves nothing of a longer one", () =>
  inTempDir(async (dir) => {
    const store = await openStateDir(dir);
    await store.save("a", "x".repeat(100_000));
    await store.save("a", "y");
    assert.equal(await store.load("a"), "y");
  }));

Deno.test("of values saved at once the last one stays, whole", () =>
  inTempDir(async (dir) => {
    const store = await openStateDir(dir);
    const saves = Array.from(
      { length: 30 },
      (_, i) => store.save("a", { i, fill: "x".repeat(1000 * (30 - i)) }),
    );
    await Promise.all(saves);
    assert.equal((await store.load("a") as { i: number }).i, 29);
  }));

Deno.test("what is saved is the value of the moment", () =>
  inTempDir(async (dir) => {
    const store = await openStateDir(dir);
    const value = { n: 1 };
    const saving = store.save("a", value);
    value.n = 2;
    await saving;
    assert.deepEqual(await store.load("a"), { n: 1 });
  }));

Deno.test("a crash in the middle of a write leaves the old value", () =>
  inTempDir(async (dir) => {
    const store = await openStateDir(dir);
    await store.save("a", { n: 1 });
    await Deno.writeTextFile(`${dir}/a.json.new`, '{"n":[1,2,3,4,5,6,7');
    const next = await openStateDir(dir);
    assert.deepEqual(await next.load("a"), { n: 1 });
    await next.save("a", { n: 2 });
    assert.deepEqual(await next.load("a"), { n: 2 });
  }));

Deno.test("load() refuses a file that it cannot read, and says which", () =>
  inTempDir(async (dir) => {
    const store = await openStateDir(dir);
    await Deno.writeTextFile(`${dir}/a.json`, '{"n":');
    await assert.rejects(store.load("a"), {
      code: "bad_config",
      blame: "host",
      message: /a\.json.*move it away/,
    });
  }));

Deno.test("load() does not take a file that it may not open for one that is not there", () =>
  inTempDir(async (dir) => {
    const store = await openStateDir(dir);
    await Deno.mkdir(`${dir}/a.json`);
    await assert.rejects(store.load("a"));
  }));

Deno.test("save() fails when the folder is gone, and works again when it is back", () =>
  inTempDir(async (dir) => {
    const store = await openStateDir(`${dir}/state`);
    await Deno.remove(`${dir}/state`);
    await assert.rejects(store.save("a", 1), Deno.errors.NotFound);
    await Deno.mkdir(`${dir}/state`);
    await store.save("a", 2);
    assert.equal(await store.load("a"), 2);
  }));

Deno.test("openStateDir() says that a folder cannot be made, with the reason", () =>
  inTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/file`, "");
    await assert.rejects(openStateDir(`${dir}/file/state`), {
      code: "bad_config",
      message: /Cannot use STATE_DIR .*file\/state/,
    });
  }));
