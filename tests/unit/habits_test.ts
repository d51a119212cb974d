import assert from "node:assert/strict";
import { CONFIG_DEFAULTS } from "../../config/config.ts";
import { logTo } from "../../ports/log.ts";
import { memoryStore } from "../../ports/store.ts";
import { DeafWatch } from "../../gateway/deaf_watch.ts";
import { loadHabits } from "../../unit/habits.ts";
import { ALONE } from "../../unit/shares/share.ts";

const lines: unknown[] = [];
const options = {
  config: CONFIG_DEFAULTS,
  totalShards: 4,
  shardIds: [0, 1],
  store: memoryStore(),
  log: logTo((level, event, fields) => lines.push([level, event, fields])),
};
const known = new DeafWatch(1).save();

Deno.test("loadHabits() gives what was known of the same shards with the same intents, and else nothing", async () => {
  const load = (changed: object = {}) => loadHabits({ ...options, ...changed });
  const first = await load();
  assert.equal(first.saved, undefined);
  first.save(known);
  assert.deepEqual((await load()).saved, known);
  for (
    const other of [
      { config: { ...CONFIG_DEFAULTS, intents: 3 } },
      { totalShards: 5 },
      { shardIds: [0, 1, 2] },
    ]
  ) assert.equal((await load(other)).saved, undefined);
});

Deno.test("of shards that come and go nothing that was known before is of use", async () => {
  const store = memoryStore();
  (await loadHabits({ ...options, store })).save(known);
  const share = { ...ALONE, isFixed: false };
  assert.equal((await loadHabits({ ...options, store, share })).saved, undefined);
});

Deno.test("habits that cannot be saved are told of, and nothing else comes of it", async () => {
  const store = { ...memoryStore(), save: () => Promise.reject(new Error("disk full")) };
  (await loadHabits({ ...options, store })).save(known);
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(lines, [
    ["error", "what is usual of events was not saved", { error: "disk full" }],
  ]);
});
