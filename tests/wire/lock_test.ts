/** The lock of a state folder among real processes. */

import assert from "node:assert/strict";
import { systemClock } from "../../ports/clock.ts";
import { lockHolder, lockStateDir } from "../../store/lock.ts";

const HOLDER = new URL("../support/lock_holder.ts", import.meta.url).href;

async function inTempDir(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  await body(dir).finally(() => Deno.removeSync(dir, { recursive: true }));
}

/** Another process, that has the lock; `next` gives what it, or its child, says next. */
async function holdElsewhere(dir: string, ...more: string[]) {
  const flags = [`--allow-read=${dir}`, `--allow-write=${dir}`, `--allow-run=${Deno.execPath()}`];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...flags, HOLDER, dir, ...more],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const next = async () => (await reader.read()).value?.trim();
  return { child, pid: await next(), next };
}

Deno.test("a second unit is refused, and told which process has the folder and since when", () =>
  inTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/lock`, "left behind by somebody who wrote more".repeat(9));
    const { child, pid, next } = await holdElsewhere(dir);
    await assert.rejects(lockStateDir(dir, systemClock), (error: Error & { code: string }) => {
      assert.equal(error.code, "state_locked");
      assert.match(error.message, /since \d{4}-\d\d-\d\dT[\d:.]+Z/);
      assert.ok(error.message.includes(`process ${pid} `), error.message);
      assert.ok(error.message.includes(dir));
      return true;
    });
    child.kill("SIGKILL");
    await child.status;
    await child.stdin.close();
    assert.equal(await next(), undefined);
    (await lockStateDir(dir, systemClock)).release();
  }));

Deno.test("the lock dies with a process that is killed, though a child of it lives on", () =>
  inTempDir(async (dir) => {
    const { child, next } = await holdElsewhere(dir, "child");
    await assert.rejects(lockStateDir(dir, systemClock), { code: "state_locked" });
    child.kill("SIGKILL");
    await child.status;
    (await lockStateDir(dir, systemClock)).release();
    await child.stdin.close();
    assert.equal(await next(), "the child ends");
    assert.equal(await next(), undefined);
  }));

Deno.test("in one process too the folder is taken once, until it is released", () =>
  inTempDir(async (dir) => {
    const lock = await lockStateDir(`${dir}/new`, systemClock);
    await assert.rejects(lockStateDir(`${dir}/new`, systemClock), {
      code: "state_locked",
      message: new RegExp(`process ${Deno.pid} since`),
    });
    lock.release();
    (await lockStateDir(`${dir}/new`, systemClock)).release();
  }));

Deno.test("a lock whose owner has not said who it is refuses all the same", () =>
  inTempDir(async (dir) => {
    const lock = await lockStateDir(dir, systemClock);
    await Deno.writeTextFile(`${dir}/lock`, "");
    await assert.rejects(lockStateDir(dir, systemClock), {
      code: "state_locked",
      message: /: another unit uses it; stop it/,
    });
    lock.release();
  }));

Deno.test("a folder that cannot be locked is told as a wrong setting", () =>
  inTempDir(async (dir) => {
    await Deno.mkdir(`${dir}/lock`);
    await assert.rejects(lockStateDir(dir, systemClock), {
      code: "bad_config",
      message: /^Cannot use STATE_DIR .*\/lock: .*; set STATE_DIR to/,
    });
  }));

Deno.test("lockHolder() names who has the folder, and makes nothing where nobody has", () =>
  inTempDir(async (dir) => {
    assert.equal(await lockHolder(dir), null);
    assert.deepEqual([...Deno.readDirSync(dir)], []);
    const { child, pid } = await holdElsewhere(dir);
    assert.match((await lockHolder(dir))!, new RegExp(`^process ${pid} since `));
    child.kill("SIGKILL");
    await child.status;
    await child.stdin.close();
    assert.equal(await lockHolder(dir), null);
  }));
