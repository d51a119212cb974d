import assert from "node:assert/strict";
import { permitKey, type PermitWant } from "../../../../rest/limits/fleet/authority.ts";
import { Memory } from "../../../../rest/limits/fleet/memory.ts";
import type { Report } from "../../../../rest/limits/rate_report.ts";

function want(major: string, template = "/x"): PermitWant {
  return {
    kind: "permit",
    key: permitKey("c", major),
    credential: "c",
    route: { method: "GET", template, major, kind: "other" },
    lane: 3,
    shape: () => [],
    arrival: 0,
    untilMs: 0,
  };
}

function spent(resetAfterMs: number, refusal: Report["refusal"] = null): Report {
  const count = { limit: 5, remaining: 0, resetAfterMs };
  return { bucket: { hash: "h", count }, refusal, isLimitless: false };
}

Deno.test("the last answer to each kind of request is known as old as it is, for as long as it says something", () => {
  const memory = new Memory<string>();
  memory.note(want("1"), spent(9_000), "a", 0);
  memory.note(want("1"), spent(5_000), "b", 1_000);
  memory.note(want("2"), spent(500), "a", 1_000);
  memory.note(want("3"), { bucket: null, refusal: null, isLimitless: true }, "a", 1_000);
  const alive = [...memory.alive(2_000)];
  assert.equal(alive.length, 1);
  assert.equal(alive[0]!.seen.knower, "b");
  assert.equal(alive[0]!.report.bucket!.count.resetAfterMs, 4_000);
  assert.deepEqual([...memory.alive(6_000)], []);
});

Deno.test("a refusal stands beside what other answers say, and ends by itself", () => {
  const memory = new Memory<string>();
  memory.note(want("1"), spent(9_000, { scope: "hidden", retryAfterMs: 3_000 }), "a", 0);
  memory.note(want("1"), spent(8_000), "a", 0);
  assert.deepEqual(
    [...memory.alive(1_000)].map(({ report }) => report.refusal?.retryAfterMs),
    [2_000, undefined],
  );
  assert.deepEqual([...memory.alive(4_000)].map(({ report }) => report.refusal), [null, null]);
});

Deno.test("no more is remembered than fits, the oldest are forgotten first", () => {
  const memory = new Memory<string>();
  for (let i = 0; i < 12_000; i++) memory.note(want(`${i}`), spent(9_000), "a", 0);
  const alive = [...memory.alive(1)];
  assert.equal(alive.length, 10_000);
  assert.equal(alive[0]!.seen.want.route.major, "2000");
});
