import assert from "node:assert/strict";
import { type LogFields, logTo, silentLog } from "../../ports/log.ts";
import {
  defineWorker,
  eventFilter,
  loadWorkerHooks,
  shardHooks,
} from "../../workers/worker_hooks.ts";

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

/** The hooks of a module and the lines that they have written. */
async function load(source: string) {
  const lines: [string, LogFields][] = [];
  const log = logTo((_, event, fields) => lines.push([event, fields]));
  return { lines, hooks: await loadWorkerHooks(moduleOf(source), log) };
}

Deno.test("a heartbeat whose hook fails is sent all the same", async () => {
  for (const how of ["() { throw new Error('bug') }", ": () => Promise.reject(new Error('bug'))"]) {
    const { hooks, lines } = await load(`export default { heartbeat${how} }`);
    const sent = Promise.withResolvers<void>();
    hooks.heartbeat!({ shardId: 0, send: sent.resolve });
    await sent.promise;
    assert.deepEqual(lines.map(([, { hook, error }]) => [hook, error]), [["heartbeat", "bug"]]);
  }
});

Deno.test("a hook that waits is answered by the default, and its rejection ends no worker", async () => {
  const { hooks, lines } = await load(
    `export default { handleMessage: () => Promise.reject(new Error("late")) }`,
  );
  assert.notEqual(hooks.handleMessage!(EVENT), false);
  await Promise.resolve();
  assert.deepEqual(lines.map(([, { error }]) => error), ["late"]);
});

Deno.test("what is no presence is refused before it is sent", async () => {
  for (
    const wrong of [
      "null",
      "5",
      "Promise.resolve({})",
      "(() => { const a = {}; a.a = a; return a; })()",
    ]
  ) {
    const { hooks, lines } = await load(`export default { makePresence: () => (${wrong}) }`);
    assert.equal(hooks.makePresence!(0), undefined, wrong);
    assert.deepEqual(lines.map(([, { hook }]) => hook), ["makePresence"], wrong);
  }
  const { hooks, lines } = await load(`export default { makePresence() {} }`);
  assert.equal(hooks.makePresence!(0), undefined);
  assert.deepEqual(lines, [], "none is no mistake");
});

Deno.test("eventFilter() shows the hook what EDITED_MESSAGES lets through, with its shard", () => {
  const edits = (t: string) => t !== "MESSAGE_UPDATE";
  const seen: string[] = [];
  const hooks = defineWorker({
    handleMessage({ t, shardId }) {
      seen.push(`${t} of ${shardId}`);
      return t !== "TYPING_START";
    },
  });
  const names = ["MESSAGE_UPDATE", "TYPING_START", "READY"];
  const kept = (filter: ReturnType<typeof eventFilter>) =>
    names.filter((t) => filter!(t, EVENT.payload, 3));
  assert.deepEqual(kept(eventFilter(edits, hooks)), ["READY"]);
  assert.deepEqual(seen, ["TYPING_START of 3", "READY of 3"]);
  assert.deepEqual(kept(eventFilter(null, hooks)), ["MESSAGE_UPDATE", "READY"]);
  assert.equal(eventFilter(edits, {}), edits);
  assert.equal(eventFilter(null, {}), null);
});

Deno.test("shardHooks() gives a shard what there is", () => {
  assert.deepEqual(shardHooks({ handleMessage: () => true }), {});
  const beats: unknown[] = [];
  const { presence, heartbeatAck } = shardHooks({
    makePresence: (shardId) => ({ shardId }),
    heartbeatAck: (told) => void beats.push(told),
  });
  heartbeatAck!(2, 37);
  assert.deepEqual([presence!(2), beats], [{ shardId: 2 }, [{ shardId: 2, latencyMs: 37 }]]);
});
