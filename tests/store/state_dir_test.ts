import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { logTo } from "../../ports/log.ts";
import { messageOf } from "../../protocol/errors.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { botIdentity, openStateDir } from "../../store/state_dir.ts";

async function inTempDir(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const START_MS = Date.UTC(2026, 8, 1, 10, 20, 30);

/** Opens a folder as the bot "7", with a log that is kept in `lines`. */
function open(dir: string, { bot = "7", lines = [] as unknown[] } = {}) {
  return openStateDir({
    dir,
    bot,
    clock: createVirtualClock(START_MS),
    log: logTo((level, event, fields) => lines.push([level, event, fields])),
  });
}

const modeOf = async (path: string) => (await Deno.stat(path)).mode! & 0o777;

Deno.test("openStateDir() makes its folder, with those above it, for its owner only", () =>
  inTempDir(async (dir) => {
    await open(`${dir}/a/b`);
    if (Deno.build.os !== "windows") assert.equal(await modeOf(`${dir}/a/b`), 0o700);
    await open(`${dir}/a/b`);
  }));

Deno.test("a value that was saved is there for the next life, by name", () =>
  inTempDir(async (dir) => {
    const store = await open(dir);
    await store.save("sessions", { shards: { 3: { seq: 7 } } });
    await store.save("identifies", [1, 2]);
    const next = await open(dir);
    assert.deepEqual(await next.load("sessions"), { shards: { 3: { seq: 7 } } });
    assert.deepEqual(await next.load("identifies"), [1, 2]);
  }));

Deno.test("a value that was never saved is undefined, a saved null is null", () =>
  inTempDir(async (dir) => {
    const store = await open(dir);
    assert.equal(await store.load("sessions"), undefined);
    await store.save("sessions", null);
    assert.equal(await store.load("sessions"), null);
  }));

Deno.test("a file is readable by its owner only, and no temporary one stays", () =>
  inTempDir(async (dir) => {
    const store = await open(dir);
    await store.save("sessions", { secret: "session id" });
    const names = [...Deno.readDirSync(dir)].map((entry) => entry.name);
    assert.deepEqual(names, ["sessions.json"]);
    if (Deno.build.os !== "windows") assert.equal(await modeOf(`${dir}/sessions.json`), 0o600);
  }));

Deno.test("a shorter value leaves nothing of a longer one", () =>
  inTempDir(async (dir) => {
    const store = await open(dir);
    await store.save("a", "x".repeat(100_000));
    await store.save("a", "y");
    assert.equal(await store.load("a"), "y");
  }));

Deno.test("a folder has settled when all that was saved is there", () =>
  inTempDir(async (dir) => {
    const store = await open(dir);
    await store.settled();
    const saves = [store.save("a", "x".repeat(1e6)), store.save("b", 1), store.save("a", 2)];
    await store.settled();
    const names = [...Deno.readDirSync(dir)].map(({ name }) => name);
    assert.deepEqual(names.filter((name) => name.endsWith(".new")), []);
    assert.deepEqual([await store.load("a"), await store.load("b")], [2, 1]);
    await Promise.all(saves);
  }));

Deno.test("of values saved at once the last one stays, whole", () =>
  inTempDir(async (dir) => {
    const store = await open(dir);
    const saves = Array.from(
      { length: 30 },
      (_, i) => store.save("a", { i, fill: "x".repeat(1000 * (30 - i)) }),
    );
    await Promise.all(saves);
    assert.equal((await store.load("a") as { i: number }).i, 29);
  }));

Deno.test("what is saved is the value of the moment", () =>
  inTempDir(async (dir) => {
    const store = await open(dir);
    const value = { n: 1 };
    const saving = store.save("a", value);
    value.n = 2;
    await saving;
    assert.deepEqual(await store.load("a"), { n: 1 });
  }));

Deno.test("a crash in the middle of a write leaves the old value", () =>
  inTempDir(async (dir) => {
    const store = await open(dir);
    await store.save("a", { n: 1 });
    await Deno.writeTextFile(`${dir}/a.json.new`, '{"n":[1,2,3,4,5,6,7');
    const next = await open(dir);
    assert.deepEqual(await next.load("a"), { n: 1 });
    await next.save("a", { n: 2 });
    assert.deepEqual(await next.load("a"), { n: 2 });
  }));

Deno.test("openStateDir() removes what a write that was cut off has left, and nothing else", () =>
  inTempDir(async (dir) => {
    await (await open(dir)).save("a", { n: 1 });
    for (const name of ["a.json.new", "shard-4-2.json.new", "notes.new"]) {
      await Deno.writeTextFile(`${dir}/${name}`, '{"n":');
    }
    const other = open(dir, { bot: "8" });
    await assert.rejects(other, /the state of bot 7/);
    assert.equal([...Deno.readDirSync(dir)].length, 4, "the folder of another bot was changed");
    await open(dir);
    const names = [...Deno.readDirSync(dir)].map(({ name }) => name);
    assert.deepEqual(names.sort(), ["a.json", "notes.new"]);
  }));

Deno.test("a file that nobody knows is set aside, told in the log, and begun anew", () =>
  inTempDir(async (dir) => {
    const texts = [
      "",
      '{"n":',
      '{"version":1,"bot":"7","val',
      "null",
      "[]",
      '"text"',
      '{"stream":"old","shards":{}}',
      '{"version":"1","bot":"7","value":1}',
      '{"version":0,"bot":"7","value":1}',
      '{"version":1,"value":1}',
      '{"version":1,"bot":"7"}',
      '{"version":3,"bot":"7","value":1}',
      '{"crc32":"00000000","version":3,"bot":"7","value":1}',
    ];
    for (const text of texts) {
      const lines: unknown[] = [];
      await Deno.writeTextFile(`${dir}/a.json`, text);
      const store = await open(dir, { lines });
      assert.equal(await store.load("a"), undefined);
      const aside = `${dir}/a.json.old-2026-09-01T10-20-30.000Z`;
      assert.equal(await Deno.readTextFile(aside), text);
      const [[level, event, fields]] = lines as [[string, string, Record<string, unknown>]];
      assert.deepEqual([level, fields.aside], ["error", aside]);
      assert.match(event, /a state file could not be read, it was set aside/);
      assert.equal(store.damaged, 1);
      await store.save("a", 1);
      assert.equal(await store.load("a"), 1);
    }
  }));

Deno.test("a folder of another bot is refused when it is opened, and not touched", () =>
  inTempDir(async (dir) => {
    await (await open(dir, { bot: "8" })).save("sessions", { secret: "of 8" });
    const before = await Deno.readTextFile(`${dir}/sessions.json`);
    await assert.rejects(open(dir), (error: Error & { code: string }) => {
      assert.equal(error.code, "bad_config");
      assert.equal(
        error.message,
        `Cannot use STATE_DIR ${dir}: sessions.json is the state of bot 8, ` +
          "the token is that of bot 7; set another STATE_DIR for this bot",
      );
      return true;
    });
    assert.equal(await Deno.readTextFile(`${dir}/sessions.json`), before);
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), ["sessions.json"]);
  }));

Deno.test("a folder of a newer version is refused when it is opened, and not touched", () =>
  inTempDir(async (dir) => {
    const fields = '"version":4,"more":1}';
    const text = `{"crc32":"${crc32(fields).toString(16).padStart(8, "0")}",${fields}`;
    await Deno.writeTextFile(`${dir}/sessions.json`, text);
    await assert.rejects(open(dir), {
      code: "bad_config",
      message: /sessions\.json has version 4, this Gatehouse knows 3; start the newer Gatehouse/,
    });
    assert.equal(await Deno.readTextFile(`${dir}/sessions.json`), text);
  }));

Deno.test("what the versions before wrote is read, and written anew as this one", () =>
  inTempDir(async (dir) => {
    for (const version of [1, 2]) {
      await Deno.writeTextFile(`${dir}/a.json`, `{"version":${version},"bot":"7","value":3}`);
      const store = await open(dir);
      assert.equal(await store.load("a"), 3);
      await store.save("a", 4);
      assert.match(
        await Deno.readTextFile(`${dir}/a.json`),
        /^\{"crc32":"[0-9a-f]{8}","version":3/,
      );
      assert.equal(await (await open(dir)).load("a"), 4);
    }
  }));

Deno.test("a value that was removed is not there, nor is one that never was", () =>
  inTempDir(async (dir) => {
    const store = await open(dir);
    await store.save("a", 1);
    const removed = [store.remove("a"), store.remove("b")];
    await store.settled();
    assert.deepEqual([...Deno.readDirSync(dir)], []);
    assert.equal(await store.load("a"), undefined);
    await Promise.all(removed);
  }));

Deno.test("a file that another bot wrote meanwhile is refused when it is loaded", () =>
  inTempDir(async (dir) => {
    const store = await open(dir);
    await (await open(dir, { bot: "8" })).save("a", 1);
    await assert.rejects(store.load("a"), { code: "bad_config" });
  }));

Deno.test("load() does not take a file that it may not open for one that is not there", () =>
  inTempDir(async (dir) => {
    const store = await open(dir);
    await Deno.mkdir(`${dir}/a.json`);
    await assert.rejects(store.load("a"));
  }));

Deno.test("save() fails when the folder is gone, and works again when it is back", () =>
  inTempDir(async (dir) => {
    const store = await open(`${dir}/state`);
    await Deno.remove(`${dir}/state`);
    await assert.rejects(store.save("a", 1), Deno.errors.NotFound);
    await Deno.mkdir(`${dir}/state`);
    await store.save("a", 2);
    assert.equal(await store.load("a"), 2);
  }));

Deno.test("openStateDir() says why a folder cannot be used, and what to do", () =>
  inTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/file`, "");
    const reasons = {
      [`${dir}/file/state`]: /file\/state: .*(directory|folder)/i,
      [`${dir}/file`]: /\/file: it is no folder/,
      "/proc/nope": /\/proc\/nope: this program may not write there/,
    };
    for (const [folder, reason] of Object.entries(reasons)) {
      const error = await open(folder).then(() => assert.fail(folder), (error) => error);
      assert.equal(error.code, "bad_config");
      const told = messageOf(error);
      assert.match(told, /^Cannot use STATE_DIR /);
      assert.match(told, reason);
      assert.match(told, /; set STATE_DIR to a folder that it may write to$/);
      assert.doesNotMatch(told, /--allow/);
    }
  }));

Deno.test("openStateDir() names the setting when a file in the folder may not be read", () =>
  inTempDir(async (dir) => {
    await (await open(dir)).save("a", 1);
    const read = Deno.readFile;
    Deno.readFile = () =>
      Promise.reject(new Deno.errors.PermissionDenied("Permission denied (os error 13)"));
    try {
      await assert.rejects(open(dir), {
        code: "bad_config",
        message: /^Cannot use STATE_DIR .*a\.json: Permission denied/,
      });
    } finally {
      Deno.readFile = read;
    }
  }));

Deno.test("botIdentity() is the bot's id, whichever token it has", () => {
  assert.equal(botIdentity("MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.x"), "123456789012345678");
  assert.equal(botIdentity("MTIzNDU2Nzg5MDEyMzQ1Njc4.Hfghij.y"), "123456789012345678");
});

Deno.test("botIdentity() of a token of another shape tells tokens apart and tells none", () => {
  assert.match(botIdentity("sim-token"), /^sha256-[0-9a-f]{12}$/);
  assert.equal(botIdentity("sim-token"), botIdentity("sim-token"));
  assert.notEqual(botIdentity("sim-token"), botIdentity("sim-token2"));
});
