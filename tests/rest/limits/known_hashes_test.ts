import assert from "node:assert/strict";
import { KnownHashes } from "../../../rest/limits/known_hashes.ts";
import type { Report } from "../../../rest/limits/rate_report.ts";

const MINUTE_MS = 60_000;
const LIMITLESS: Report = { bucket: null, refusal: null, isLimitless: true };
/** A refusal by the global limit, or a 404: it says nothing. */
const MUTE: Report = { bucket: null, refusal: null, isLimitless: false };

function naming(hash: string): Report {
  return {
    bucket: { hash, count: { limit: 5, remaining: 4, resetAfterMs: 1_000 } },
    refusal: null,
    isLimitless: false,
  };
}

Deno.test("KnownHashes knows nothing before the first answer", () => {
  const known = new KnownHashes();
  assert.deepEqual([known.hashes, known.isLimitless], [[], false]);
});

Deno.test("KnownHashes learns a name once, and says when it is news", () => {
  const known = new KnownHashes();
  assert.equal(known.learn(naming("a"), 0), true);
  assert.equal(known.learn(naming("a"), 1), false);
  assert.deepEqual(known.hashes, ["a"]);
});

Deno.test("KnownHashes keeps every name that is shown in turn", () => {
  const known = new KnownHashes();
  for (let i = 0; i < 100; i++) known.learn(naming(i % 2 ? "a" : "b"), i * MINUTE_MS);
  assert.deepEqual([...known.hashes].sort(), ["a", "b"]);
});

Deno.test("KnownHashes forgets a name ten minutes after others have taken its place", () => {
  const known = new KnownHashes();
  known.learn(naming("old"), 0);
  assert.equal(known.learn(naming("new"), MINUTE_MS), true);
  assert.equal(known.learn(naming("new"), 10 * MINUTE_MS), false);
  assert.deepEqual(known.hashes, ["old", "new"]);
  assert.equal(known.learn(naming("new"), 10 * MINUTE_MS + 1), true, "that is news");
  assert.deepEqual(known.hashes, ["new"]);
});

Deno.test("KnownHashes does not forget a name over silence", () => {
  const known = new KnownHashes();
  known.learn(naming("a"), 0);
  known.learn(naming("a"), 24 * 60 * MINUTE_MS);
  for (const report of [MUTE, LIMITLESS]) {
    assert.equal(known.learn(report, 48 * 60 * MINUTE_MS), false, "that is no news");
  }
  assert.deepEqual(known.hashes, ["a"]);
});

Deno.test("KnownHashes takes a route for limitless when its first answer names nothing", () => {
  const known = new KnownHashes();
  assert.equal(known.learn(MUTE, 0), false, "an answer that says nothing teaches nothing");
  assert.equal(known.isLimitless, false);
  assert.equal(known.learn(LIMITLESS, 1), true);
  assert.equal(known.learn(LIMITLESS, 2), false);
  assert.equal(known.isLimitless, true);
});

Deno.test("KnownHashes gives a limitless route its limit as soon as a name is shown", () => {
  const known = new KnownHashes();
  known.learn(LIMITLESS, 0);
  assert.equal(known.learn(naming("a"), 1), true);
  assert.deepEqual([known.hashes, known.isLimitless], [["a"], false]);
  assert.equal(known.learn(LIMITLESS, 2), false, "one answer without headers resets nothing");
  assert.deepEqual([known.hashes, known.isLimitless], [["a"], false]);
});
