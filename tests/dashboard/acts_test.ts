import assert from "node:assert/strict";
import { actWords, parseAct } from "../../dashboard/acts.ts";
import type { DashboardAct } from "../../dashboard/words.ts";

const ACTS: readonly DashboardAct[] = [
  { method: "kill", clusterId: 0 },
  { method: "respawn", service: "api" },
  { method: "spawn", clusterId: 3 },
  { method: "restartAll" },
  { method: "reconnect", shardId: 7, session: "keep" },
  { method: "reconnect", shardId: 7, session: "end" },
  { method: "restartWorker", workerId: 1 },
  { method: "reshard", totalShards: 32 },
  { method: "pauseReshard" },
  { method: "resumeReshard" },
  { method: "cancelReshard" },
  { method: "drain" },
];

Deno.test("parseAct() reads what the page may ask for, and nothing beside it", () => {
  for (const act of ACTS) {
    assert.deepEqual(parseAct({ ...act, unit: "b", timeoutMs: 1, payload: {} }), act);
  }
});

Deno.test("parseAct() refuses methods that are not the page's, and fields that are none", () => {
  for (
    const [wrong, why] of [
      [null, /method is undefined, expected kill/],
      [{ method: "sendPayload", shardId: 0, payload: { op: 3 } }, /method is "sendPayload"/],
      [{ method: "crashWorker", workerId: 0, how: "throw" }, /method is "crashWorker"/],
      [{ method: "constructor" }, /method is "constructor"/],
      [{ method: "__proto__" }, /method is "__proto__"/],
      [{ method: "kill" }, /clusterId is undefined, expected a whole number/],
      [{ method: "kill", clusterId: "0" }, /clusterId is "0"/],
      [{ method: "kill", clusterId: -1 }, /clusterId is -1/],
      [{ method: "kill", service: "" }, /service is ""/],
      [{ method: "reconnect", shardId: 0 }, /session is undefined, expected keep or end/],
      [{ method: "reshard", totalShards: 1.5 }, /totalShards is 1.5/],
    ] as const
  ) assert.throws(() => parseAct(wrong), { code: "bad_message", message: why });
});

Deno.test("actWords() says what is done, each in its own words", () => {
  const texts = ACTS.map((act) => actWords(act).text);
  assert.equal(new Set(texts).size, ACTS.length);
  assert.ok(texts.every((text) => text.startsWith("an operator ")), texts.join("\n"));
  assert.equal(texts[1], "an operator restarts service api");
});
