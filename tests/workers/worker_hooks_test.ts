import assert from "node:assert/strict";
import { type LogFields, logTo, silentLog } from "../../ports/log.ts";
import { defineWorker, loadWorkerHooks } from "../../workers/worker_hooks.ts";

function moduleOf(source: string): string {
  return `data:application/javascript,${encodeURIComponent(source)}`;
}

const EVENT = { shardId: 3, t: "TYPING_START", payload: new Uint8Array() };

Deno.test("defineWorker() gives back what it gets", () => {
  const hooks = { handleMessage: () => true };
  assert.equal(defineWorker(hooks), hooks);
});

Deno.test("loadWorkerHooks() gives the hooks of a module, and none where there is no module", async () => {
  assert.deepEqual(await loadWorkerHooks(null, silentLog), {});
  const hooks = await loadWorkerHooks(
    moduleOf(`export default {
      secret: 4,
      handleMessage({ t, shardId }) { return t !== "TYPING_START" && shardId > 0; },
      makePresence(shardId) { return { status: "idle", activities: [], since: this.secret + shardId }; },
    }`),
    silentLog,
  );
  assert.equal(hooks.handleMessage!(EVENT), false);
  assert.deepEqual(hooks.makePresence!(3), { status: "idle", activities: [], since: 7 });
  assert.equal(hooks.heartbeat, undefined);
});

Deno.test("loadWorkerHooks() refuses a module without hooks, or with something else by such a name", async () => {
  const wrong = {
    "export default {}": /it has no hook/,
    "export const x = 1": /it has no hook/,
    "export default { heartbeat: 5, handleMessage() {} }": /heartbeat is no function/,
  };
  for (const [source, message] of Object.entries(wrong)) {
    await assert.rejects(loadWorkerHooks(moduleOf(source), silentLog), {
      code: "bad_config",
      message,
    });
  }
});

Deno.test("a hook that throws is logged, and the default holds", async () => {
  const lines: [string, LogFields][] = [];
  const log = logTo((_, event, fields) => lines.push([event, fields]));
  const hooks = await loadWorkerHooks(
    moduleOf(`export default { handleMessage() { throw new Error("bug"); } }`),
    log,
  );
  assert.equal(hooks.handleMessage!(EVENT), undefined, "not false: the event is delivered");
  assert.deepEqual(lines, [[
    "a hook of WORKER_MODULE failed",
    { hook: "handleMessage", error: "bug" },
  ]]);
});
