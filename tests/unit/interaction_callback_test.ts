import assert from "node:assert/strict";
import { LEAST_MS, postCallback, timeLeftMs } from "../../unit/away_answers.ts";
import { DISCORD_EPOCH_MS } from "../../protocol/ids.ts";
import { problemAnswer } from "../../rest/problem.ts";
import type { AskDiscord } from "../../rest/proxy.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";

const WALL_MS = Date.UTC(2026, 0, 1);
const idAt = (ms: number) => String(BigInt(ms - DISCORD_EPOCH_MS) << 22n);
const BODY = { type: 5 };
const TOKEN = "aW50/ZXI+abc==";

type Answer = (signal: AbortSignal) => Response | Promise<Response>;
type Asked = Parameters<AskDiscord>;

/** Posts to a Discord that gives these answers in turn, the last one for ever. */
function post(answers: readonly Answer[], ageMs = 0) {
  const clock = createVirtualClock(WALL_MS);
  const requests: { path: Asked[0]; own: NonNullable<Asked[1]>; atMs: number }[] = [];
  const ask: AskDiscord = (path, own = {}) => {
    requests.push({ path, own, atMs: clock.now() });
    const answer = answers[Math.min(requests.length, answers.length) - 1]!;
    return Promise.try(answer, own.signal!);
  };
  const outcome = postCallback(
    { ask, clock },
    { id: idAt(WALL_MS - ageMs), type: 2, token: TOKEN },
    BODY,
  );
  return { clock, requests, outcome };
}

const status = (code: number, body: unknown = null) => () =>
  new Response(body === null ? null : JSON.stringify(body), { status: code });
const silence: Answer = (signal) =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(problemAnswer(GONE))));
const GONE = { status: 499, reason: "the caller went away" };
const unreachable: Answer = () =>
  problemAnswer({ status: 502, reason: "connection refused; it has not reached Discord" });

Deno.test("postCallback() posts the body with the interaction's token and no other", async () => {
  const { requests, outcome } = post([status(204)]);
  assert.deepEqual(await outcome, { kind: "accepted" });
  const [{ path, own: { method, json, as } }] = requests as [typeof requests[0]];
  assert.equal(path, `/interactions/${idAt(WALL_MS)}/${encodeURIComponent(TOKEN)}/callback`);
  assert.deepEqual([method, json, as], ["POST", { type: 5 }, "nobody"]);
});

Deno.test("postCallback() takes an interaction that has its response already for accepted", async () => {
  const { outcome } = post([status(400, { code: 40060, message: "acknowledged" })]);
  assert.deepEqual(await outcome, { kind: "accepted" });
});

Deno.test("postCallback() says that it was too late where Discord says so", async () => {
  const { outcome } = post([status(404, { code: 10062, message: "Unknown interaction" })]);
  assert.deepEqual(await outcome, { kind: "expired" });
});

Deno.test("postCallback() does not try again what Discord refuses", async () => {
  for (
    const [code, body] of [[400, { code: 50035 }], [429, { retry_after: 1 }], [403, null]] as const
  ) {
    const { requests, outcome } = post([status(code, body)]);
    const { kind } = await outcome;
    assert.deepEqual([kind, requests.length], ["failed", 1], `${code}`);
  }
});

Deno.test("postCallback() tries again where Discord is ill or cannot be reached", async () => {
  const { clock, requests, outcome } = post([status(502), unreachable, status(204)]);
  await clock.advance(1_000);
  assert.deepEqual(await outcome, { kind: "accepted" });
  assert.deepEqual(requests.map(({ atMs }) => atMs), [0, 150, 300]);
});

Deno.test("postCallback() gives up after three tries, and says why", async () => {
  const { clock, requests, outcome } = post([unreachable]);
  await clock.advance(3_000);
  const result = await outcome;
  assert.equal(requests.length, 3);
  assert.equal(result.kind, "failed");
  assert.match(JSON.stringify(result), /connection refused/);
});

Deno.test("postCallback() is over before 3 s have passed since the interaction was made", async () => {
  for (const ageMs of [0, 1_000, -60_000]) {
    const { clock, outcome } = post([silence], ageMs);
    let overMs = NaN;
    outcome.then(() => overMs = clock.now());
    await clock.advance(5_000);
    assert.deepEqual(await outcome, { kind: "failed", reason: "no answer in time" });
    assert.equal(overMs, Math.min(2_500, 2_500 - ageMs), `${ageMs}`);
  }
});

Deno.test("postCallback() tries for a moment even where it seems too late", async () => {
  const { outcome } = post([status(204)], 60_000);
  assert.deepEqual(await outcome, { kind: "accepted" });
  assert.equal(timeLeftMs(idAt(WALL_MS), WALL_MS + 60_000), LEAST_MS);
});

Deno.test("postCallback() leaves no timer behind", async () => {
  const { clock, requests, outcome } = post([status(204)]);
  await outcome;
  await clock.advance(10_000);
  assert.equal(requests[0]!.own.signal!.aborted, false);
});
