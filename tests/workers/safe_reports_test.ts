import assert from "node:assert/strict";
import type { FromWorker } from "../../protocol/worker_message.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { SAFE_AFTER_MS, SafeReports } from "../../workers/safe_reports.ts";

function setUp() {
  const clock = createVirtualClock();
  const posted: FromWorker[] = [];
  const done: [number, number][] = [];
  const safety = { acknowledged: 7, readers: { logger: 3 }, done: 3, safe: 3 };
  const reports = new SafeReports({
    clock,
    queue: () => ({ safety: () => safety }),
    intake: () => ({ guilds: () => undefined }),
    post: (message) => posted.push(message),
    done: (shardId, cursor) => done.push([shardId, cursor]),
  });
  return { clock, reports, posted, done };
}

const TOLD = { acknowledged: 7, safe: 3, readers: { logger: 3 } };

Deno.test("SafeReports tells of all shards together, and begins anew", async () => {
  const { clock, reports, posted, done } = setUp();
  for (const shardId of [1, 2]) reports.open(shardId);
  for (const shardId of [1, 2, 1]) reports.note(shardId);
  await clock.advance(SAFE_AFTER_MS - 1);
  assert.deepEqual(posted, []);
  await clock.advance(1);
  assert.deepEqual(posted, [{ type: "SAFE", shards: { 1: TOLD, 2: TOLD } }]);
  reports.report();
  assert.equal(posted.length, 1, "nothing has changed");
  assert.deepEqual(done, [[1, 3], [2, 3]], "with which bot and readers are done");
});

Deno.test("SafeReports says nothing of a shard whose readers may not be there yet", async () => {
  const { clock, reports, posted } = setUp();
  reports.note(1);
  await clock.advance(10 * SAFE_AFTER_MS);
  assert.deepEqual(posted, []);
});
