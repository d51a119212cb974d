import assert from "node:assert/strict";
import { questionOf } from "../../../../dashboard/page/model/acts.js";
import type { DashboardAct } from "../../../../dashboard/words.ts";

const ACTS: readonly DashboardAct[] = [
  { method: "kill", clusterId: 3 },
  { method: "respawn", clusterId: 3 },
  { method: "spawn", service: "stats" },
  { method: "restartAll" },
  { method: "reconnect", shardId: 7, session: "keep" },
  { method: "reconnect", shardId: 7, session: "end" },
  { method: "restartWorker", workerId: 2 },
  { method: "reshard", totalShards: 32 },
  { method: "pauseReshard" },
  { method: "resumeReshard" },
  { method: "cancelReshard" },
  { method: "drain" },
];

Deno.test("before each act a person is asked, and told what will happen", () => {
  for (const act of ACTS) {
    const { title, text, yes, done } = questionOf(act);
    assert.match(title, /\?$/, act.method);
    assert.match(text, /\.$/, act.method);
    assert.ok(yes.length > 0 && done.length > 0, act.method);
  }
});

Deno.test("a question names what it is about", () => {
  assert.equal(questionOf({ method: "kill", clusterId: 3 }).title, "Stop cluster 3?");
  assert.equal(questionOf({ method: "spawn", service: "stats" }).title, "Start service stats?");
  assert.match(questionOf({ method: "reshard", totalShards: 32 }).text, /32 identifies/);
});

Deno.test("what costs something, or is hard to undo, is marked as such", () => {
  const dangers = ACTS.filter((act) => questionOf(act).isDanger);
  assert.deepEqual(dangers.map((act) => "session" in act ? act.session : act.method), [
    "kill",
    "end",
    "cancelReshard",
    "drain",
  ]);
});
