import assert from "node:assert/strict";
import { CONFIG_DEFAULTS } from "../../../config/config.ts";
import { silentLog } from "../../../ports/log.ts";
import { memoryStore, type Store } from "../../../ports/store.ts";
import { cursorFloor, withSession } from "../../../protocol/estate.ts";
import { type ShardKey, shardRange } from "../../../protocol/ids.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { Estates } from "../../../store/estates.ts";
import { queueFolder } from "../../../store/queue_folders.ts";
import { openingOf } from "../../../unit/reshard/opening.ts";
import {
  begun,
  handedOver,
  type ReshardRecord,
  settledRecord,
} from "../../../unit/reshard/record.ts";
import { saveRecord } from "../../../unit/reshard/written/records.ts";
import { takeUp } from "../../../unit/reshard/take_up.ts";

const clock = createVirtualClock();
const of = (id: number, total: number): ShardKey => ({ total, id });
const open = (store: Store) => Estates.open({ store, clock, log: silentLog, newStream: "a" });

function begins(estates: Estates, { id, total }: ShardKey): void {
  const session = {
    shardId: id,
    totalShards: total,
    intents: CONFIG_DEFAULTS.intents,
    sessionId: `${id}/${total}`,
    resumeUrl: null,
    seq: 0,
    base: cursorFloor(estates.of(of(id, total))),
  };
  const facts = { user: null, application: null, guildIds: [] };
  estates.change(of(id, total), (it) => withSession(it, { session, facts }));
}

/** Of 2 shards the first has gone to 0 and 2 of 4, the other is about to; all have sessions, and events on disk. */
async function midway(queueDir: string): Promise<{ store: Store; record: ReshardRecord }> {
  const store = memoryStore();
  const estates = await open(store);
  await estates.begin(2, [0, 1], CONFIG_DEFAULTS.intents);
  for (const id of [0, 1]) begins(estates, of(id, 2));
  for (const id of shardRange(0, 3)) {
    estates.rise(of(id, 4), [of(id % 2, 2)]);
    begins(estates, of(id, 4));
  }
  estates.forget(of(0, 2));
  await estates.close();
  for (const [id, total] of [[0, 2], [1, 2], [0, 4], [1, 4]] as const) {
    await Deno.mkdir(`${queueFolder(queueDir, total)}/${id}`, { recursive: true });
    await Deno.writeTextFile(`${queueFolder(queueDir, total)}/${id}/events`, `${id}/${total}`);
  }
  const move = begun(settledRecord(2, 2), { to: 4, by: "operator", startedAtMs: 1 });
  const record = handedOver(move, 0, 4, new Map());
  await saveRecord(store, record);
  return { store, record };
}

async function takenUp(store: Store, queueDir: string, saved: ReshardRecord, asked: number | null) {
  const estates = await open(store);
  const opening = openingOf(saved, asked, 2);
  const shardIds = shardRange(0, opening.record.total - 1);
  const config = CONFIG_DEFAULTS;
  await takeUp({ config, opening, estates, shardIds, queueDir, store, log: silentLog });
  const sessions = (total: number) =>
    shardRange(0, total - 1).map((id) => estates.of(of(id, total)).session?.sessionId ?? null);
  return { estates, sessions, record: opening.record };
}

const leftIn = (dir: string, total: number) => {
  const folder = queueFolder(dir, total);
  return [...Deno.readDirSync(folder)].map(({ name }) =>
    `${name}: ${Deno.readTextFileSync(`${folder}/${name}/events`)}`
  ).sort();
};

async function inTempDir(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  await body(dir).finally(() => Deno.remove(dir, { recursive: true }));
}

Deno.test("takeUp() takes both totals up in the midst of a move, and deletes what shards that are over left", () =>
  inTempDir(async (dir) => {
    const { store, record } = await midway(dir);
    const { sessions } = await takenUp(store, dir, record, null);
    assert.deepEqual(sessions(2), [null, "1/2"]);
    assert.deepEqual(
      sessions(4),
      ["0/4", "1/4", "2/4", "3/4"],
      "those that rose are not lost either",
    );
    assert.deepEqual(leftIn(dir, 2), ["1: 1/2"]);
    assert.deepEqual(leftIn(dir, 4), ["0: 0/4", "1: 1/4"], "nobody's events become another's");
  }));

Deno.test("takeUp() gives what served to its heirs where another total is set, and that alone", () =>
  inTempDir(async (dir) => {
    const { store, record } = await midway(dir);
    const first = await takenUp(store, dir, record, 3);
    assert.deepEqual(first.sessions(3), [null, null, null]);
    assert.ok(first.estates.of(of(0, 3)).highest! > 0);
    assert.deepEqual(leftIn(dir, 3), ["0: 0/4", "1: 1/2"]);
    await first.estates.close();
    assert.deepEqual(await store.load("reshard"), settledRecord(3, 3));
  }));

Deno.test("takeUp() writes down what is set now, and nothing where no unit was ever resharded", () =>
  inTempDir(async (dir) => {
    const store = memoryStore();
    await takenUp(store, dir, settledRecord(4, 2), 4);
    assert.deepEqual(await store.load("reshard"), settledRecord(4, 4));
    const other = memoryStore();
    const opening = openingOf(null, 2, 2);
    const estates = await open(other);
    const config = CONFIG_DEFAULTS;
    await takeUp({
      config,
      opening,
      estates,
      shardIds: [0],
      queueDir: null,
      store: other,
      log: silentLog,
    });
    assert.equal(await other.load("reshard"), undefined);
  }));
