import assert from "node:assert/strict";
import { diskError, diskFs, makeStateDir, writeWhole } from "../../store/disk.ts";
import { diskFailure } from "../support/fake_disk.ts";

async function inTempDir(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  await body(dir).finally(() => Deno.removeSync(dir, { recursive: true }));
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

Deno.test("diskFs makes folders, writes at the end, cuts, reads anywhere", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/a/b/file`;
    await diskFs.makeDir(`${dir}/a/b`);
    await diskFs.makeDir(`${dir}/a/b`);
    const file = await diskFs.open(path, 0);
    await file.write(bytesOf("abcdef"));
    await file.truncate(4);
    await file.write(bytesOf("xy"));
    await file.sync();
    file.close();
    await diskFs.syncDir(`${dir}/a/b`);
    assert.equal(Deno.readTextFileSync(path), "abcdxy");
    assert.deepEqual(await diskFs.read(path, 1, 3), bytesOf("bcd"));
    assert.deepEqual(await diskFs.read(path, 4, 100), bytesOf("xy"));
    assert.deepEqual(await diskFs.list(`${dir}/a/b`), [{ name: "file", bytes: 6 }]);
  }));

Deno.test("diskFs reads whole bytes, whatever share of memory somebody has for them", () =>
  inTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/file`, "abcdef");
    assert.deepEqual(await diskFs.read(`${dir}/file`, 1, 8 / 3), bytesOf("bc"));
  }));

Deno.test("diskFs opens a file at the bytes that are good, and makes one anew", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/file`;
    Deno.writeTextFileSync(path, "abcdef");
    const again = await diskFs.open(path, 2);
    await again.write(bytesOf("z"));
    again.close();
    assert.equal(Deno.readTextFileSync(path), "abz");
    (await diskFs.open(path, 0)).close();
    assert.equal(Deno.readTextFileSync(path), "");
    await assert.rejects(diskFs.open(`${dir}/none`, 3), Deno.errors.NotFound);
  }));

Deno.test("diskFs takes a folder and a file that are not there for empty and deleted", () =>
  inTempDir(async (dir) => {
    assert.deepEqual(await diskFs.list(`${dir}/none`), []);
    await diskFs.remove(`${dir}/none`);
    await assert.rejects(diskFs.list(await file(dir)));
  }));

Deno.test("what diskFs makes is its owner's only", () =>
  inTempDir(async (dir) => {
    if (Deno.build.os === "windows") return;
    await diskFs.makeDir(`${dir}/own`);
    (await diskFs.open(`${dir}/own/file`, 0)).close();
    const modes = ["own", "own/file"].map((name) => Deno.statSync(`${dir}/${name}`).mode! & 0o777);
    assert.deepEqual(modes, [0o700, 0o600]);
  }));

async function file(dir: string): Promise<string> {
  await Deno.writeTextFile(`${dir}/file`, "");
  return `${dir}/file`;
}

Deno.test("writeWhole() goes on until every byte is taken", async () => {
  const written: number[] = [];
  const file = {
    write(bytes: Uint8Array) {
      written.push(...bytes.subarray(0, 3));
      return Promise.resolve(Math.min(3, bytes.length));
    },
  };
  await writeWhole(file, Uint8Array.of(1, 2, 3, 4, 5, 6, 7));
  assert.deepEqual(written, [1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("makeStateDir() makes the folder with those above it, for its owner only, once", async () => {
  const dir = await Deno.makeTempDir();
  await makeStateDir(`${dir}/a/b`);
  await makeStateDir(`${dir}/a/b`);
  const { mode, isDirectory } = await Deno.stat(`${dir}/a/b`);
  assert.ok(isDirectory);
  if (Deno.build.os !== "windows") assert.equal(mode! & 0o777, 0o700);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("makeStateDir() says which folder cannot be made, and why", async () => {
  const file = await Deno.makeTempFile();
  await assert.rejects(makeStateDir(`${file}/state`), {
    code: "bad_config",
    blame: "host",
    message: /Cannot use STATE_DIR .*\/state: ./,
  });
  await Deno.remove(file);
});

Deno.test("diskError() tells a full disk and a used-up quota from everything else", () => {
  const codeOf = (cause: unknown) => diskError("do it", cause).code;
  assert.equal(codeOf(diskFailure("ENOSPC", "no space")), "disk_full");
  assert.equal(codeOf(diskFailure("EDQUOT", "quota")), "disk_full");
  for (const cause of [diskFailure("EIO", "broken"), new Error("x"), "text", null, undefined]) {
    assert.equal(codeOf(cause), "bad_state");
  }
});

Deno.test("diskError() says what was tried, and keeps the cause and the facts", () => {
  const cause = diskFailure("EIO", "broken");
  const error = diskError("write the events of shard 3", cause, { shardId: 3 });
  assert.equal(error.message, "Cannot write the events of shard 3: broken");
  assert.equal(error.blame, "host");
  assert.deepEqual(error.data, { shardId: 3 });
  assert.equal(error.cause, cause);
});
