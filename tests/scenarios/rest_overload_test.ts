import assert from "node:assert/strict";
import type { RestProxy } from "../../rest/proxy.ts";
import { firstOutOfOrder, loadOn, PLACES } from "../rest/load.ts";
import { stage } from "../rest/stage.ts";

/** Longest that anything may wait in here: nothing is refused for its patience. */
const HOURS_MS = 10 * 3_600_000;
const LATENCY_MS = 40;
const JITTER_MS = 60;

/** A Discord under ten times the load that it takes, and interactions between. */
async function overload(patienceMs: number) {
  const scene = stage({
    ...PLACES,
    proxy: { patienceMs },
    latencyMs: LATENCY_MS,
    jitterMs: JITTER_MS,
  });
  const { limiter } = scene.rest;
  const load = await loadOn({ ...scene, asks: [scene.ask] });
  const got = await load.minute((second) => {
    if (second === 20) limiter.rehash("typing", "another");
    if (second === 30) limiter.rehash("message_read", "in turn", "by turns");
    if (second === 40) limiter.saturate("pins", { forMs: 5000 });
  });
  return { ...scene, ...load, ...got };
}

Deno.test("ten times overloaded for a minute, everything is answered and only what no header shows is refused", async () => {
  const { got, callbacks, proxy, refused, ledger, sent, places } = await overload(HOURS_MS);
  assert.equal(got.length, 30_000);
  const statuses = new Set(got.map(({ status }) => status));
  assert.deepEqual([...statuses].sort(), [200, 204, 404], "answers are the endpoints' own");
  assert.deepEqual(ledger.violations, []);
  // A channel's name has a hidden limit: one refusal says that it is there, one how large it is.
  const routes = refused().map(({ method, route }) => `${method} ${route}`);
  assert.deepEqual(new Set(routes), new Set(["PATCH /channels/:channel_id"]));
  assert.equal(routes.length, 2 * places.length);

  assert.deepEqual(new Set(callbacks.map(({ status }) => status)), new Set([204]));
  assert.deepEqual(callbacksOf(proxy), { count: 600, atOnce: 600 });

  assert.deepEqual(firstOutOfOrder(sent, places.length), null);
});

Deno.test("ten times overloaded, nobody waits longer than his patience, and who has to go is told when to come again", async () => {
  const { got, proxy, refused, ledger } = await overload(5_000);
  assert.deepEqual(ledger.violations, []);
  assert.deepEqual(refused().filter(({ route }) => route !== "/channels/:channel_id"), []);
  const sentAway = got.filter(({ headers }) => headers.has("x-gatehouse-error"));
  assert.ok(sentAway.length > 20_000 && sentAway.length < 28_000, `${sentAway.length}`);
  for (const { status, headers, text, tookMs } of sentAway) {
    assert.equal(status, 429);
    assert.ok(Number(headers.get("retry-after")) >= 1);
    assert.ok(JSON.parse(text).retry_after > 0);
    assert.ok(tookMs <= 5_000);
  }
  assert.ok(got.every(({ tookMs }) => tookMs <= 5_000 + 2 * (LATENCY_MS + JITTER_MS)));
  assert.deepEqual(callbacksOf(proxy), { count: 600, atOnce: 600 });
});

/** How many callbacks there were, and how many of them waited for less than a millisecond. */
function callbacksOf(proxy: RestProxy): { readonly count: number; readonly atOnce: number } {
  const { queue } = proxy.snapshot.lanes.find(({ lane }) => lane === "callback")!;
  return { count: queue.count, atOnce: queue.buckets[0]!.count };
}
