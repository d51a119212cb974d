import assert from "node:assert/strict";
import { discover } from "../../unit/discover.ts";
import { silentLog } from "../../ports/log.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";

const INFO = {
  url: "wss://gateway.test",
  shards: 2,
  session_start_limit: { total: 1000, remaining: 999, reset_after: 5, max_concurrency: 1 },
};

function setUp(answers: (() => Response | Promise<Response>)[]) {
  const clock = createVirtualClock();
  const asked: { url: string; authorization: string | null; atMs: number }[] = [];
  const stop = new AbortController();
  const promise = discover({
    config: { discordApiUrl: "https://api.test/api", discordToken: "t" },
    clock,
    random: () => 1,
    log: silentLog,
    signal: stop.signal,
    fetch: (input, init) => {
      const { url, headers } = new Request(input, init);
      asked.push({ url, authorization: headers.get("authorization"), atMs: clock.now() });
      return Promise.resolve().then(answers[Math.min(asked.length, answers.length) - 1]!);
    },
  });
  promise.catch(() => {});
  return { clock, asked, stop, promise };
}

Deno.test("discover() asks GET /gateway/bot as the bot", async () => {
  const { asked, promise } = setUp([() => Response.json(INFO)]);
  assert.equal((await promise).shards, 2);
  const { url, authorization } = asked[0]!;
  assert.deepEqual([url, authorization], ["https://api.test/api/v10/gateway/bot", "Bot t"]);
});

Deno.test("discover() asks again with growing pauses while Discord is ill", async () => {
  const ill = () => new Response("", { status: 503 });
  const gone = () => Promise.reject(new TypeError("connection refused"));
  const { clock, asked, promise } = setUp([ill, gone, ill, () => Response.json(INFO)]);
  await clock.advance(60_000);
  assert.equal((await promise).shards, 2);
  const pauses = asked.slice(1).map(({ atMs }, i) => atMs - asked[i]!.atMs);
  assert.deepEqual(pauses, [500, 1_000, 2_000]);
});

Deno.test("discover() does not ask again with a token that Discord does not know", async () => {
  const { clock, asked, promise } = setUp([() => new Response("", { status: 401 })]);
  await assert.rejects(promise, { code: "unauthorized" });
  await clock.advance(60_000);
  assert.equal(asked.length, 1);
});

Deno.test("discover() ends when it is told to, also in a pause", async () => {
  const { clock, stop, promise } = setUp([() => new Response("", { status: 500 })]);
  await clock.advance(100);
  stop.abort(new Error("stopping"));
  await assert.rejects(promise, /stopping/);
});
