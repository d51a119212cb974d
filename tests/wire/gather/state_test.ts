/** State folders, as `gatehouse doctor` finds them and leaves them. */

import assert from "node:assert/strict";
import { gatherState } from "../../../app/doctor/gather/state.ts";
import { systemClock } from "../../../ports/clock.ts";
import { silentLog } from "../../../ports/log.ts";
import { lockStateDir } from "../../../store/lock.ts";
import { openStateDir } from "../../../store/state_dir.ts";
import { settledRecord } from "../../../unit/reshard/record.ts";

const BOT = "123456789012345678";
const discordToken = `${btoa(BOT)}.b.c`;

async function inTempDir(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  await body(dir).finally(() => Deno.removeSync(dir, { recursive: true }));
}

const namesIn = (dir: string) => [...Deno.readDirSync(dir)].map(({ name }) => name).toSorted();
const look = (stateDir: string) => gatherState({ stateDir, discordToken });

Deno.test("a folder that is not there is not there afterwards", () =>
  inTempDir(async (dir) => {
    const facts = await look(`${dir}/new`);
    assert.deepEqual([facts.isNew, facts.problem, facts.heldBy], [true, null, null]);
    assert.deepEqual(namesIn(dir), []);
  }));

Deno.test("of a folder in a new folder neither is there afterwards", () =>
  inTempDir(async (dir) => {
    const facts = await look(`${dir}/a/new/one`);
    assert.deepEqual([facts.isNew, facts.problem], [true, null]);
    assert.deepEqual(namesIn(dir), []);
  }));

Deno.test("what an earlier life has left is read, and stays as it is", () =>
  inTempDir(async (dir) => {
    const store = await openStateDir({ dir, bot: BOT, clock: systemClock, log: silentLog });
    for (const id of [0, 1, 2]) {
      await store.save(`estate-${id}-of-4`, { session: { sessionId: "x" } });
    }
    await store.save("estate-3-of-4", { session: null });
    await store.save("reshard", settledRecord(4, null));
    await Deno.writeTextFile(`${dir}/damaged.json`, "{");
    const before = namesIn(dir);
    const facts = await look(dir);
    assert.deepEqual([...facts.sessions], [[4, 3]]);
    assert.equal(facts.record?.total, 4);
    assert.deepEqual(facts.damaged, ["damaged.json"]);
    assert.equal(facts.foreign, null);
    assert.deepEqual(namesIn(dir), before);
    assert.ok("failed" in facts.free || facts.free.is > 0);
  }));

Deno.test("a unit that has the folder is named, and keeps it", () =>
  inTempDir(async (dir) => {
    const lock = await lockStateDir(dir, systemClock);
    assert.match((await look(dir)).heldBy!, new RegExp(`^process ${Deno.pid} since `));
    await assert.rejects(lockStateDir(dir, systemClock), { code: "state_locked" });
    lock.release();
    assert.equal((await look(dir)).heldBy, null);
    (await lockStateDir(dir, systemClock)).release();
  }));

Deno.test("another bot's folder is told, with what to do", () =>
  inTempDir(async (dir) => {
    const other = await openStateDir({ dir, bot: "9", clock: systemClock, log: silentLog });
    await other.save("identify", {});
    assert.match((await look(dir)).foreign!, /identify\.json is the state of bot 9/);
  }));

Deno.test("a place that is no folder is told", () =>
  inTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/file`, "");
    const facts = await look(`${dir}/file`);
    assert.match(facts.problem!, /it is no folder/);
    assert.equal("failed" in facts.free, true);
  }));
