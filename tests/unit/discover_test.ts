import assert from "node:assert/strict";
import { discover } from "../../unit/discover.ts";
import { type Config, CONFIG_DEFAULTS } from "../../config/config.ts";
import { type LogFields, logTo } from "../../ports/log.ts";
import { problemAnswer } from "../../rest/problem.ts";
import type { DiscoverySnapshot } from "../../protocol/status.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { stage } from "../rest/stage.ts";

const WALL_MS = Date.UTC(2026, 0, 1);
const INFO = {
  url: "wss://gateway.test",
  shards: 2,
  session_start_limit: { total: 1000, remaining: 999, reset_after: 5, max_concurrency: 1 },
};

type Answer = () => Response | Promise<Response>;

function setUp(answers: Answer[], config: Partial<Config> = {}) {
  const clock = createVirtualClock(WALL_MS);
  const asked: { path: string; atMs: number }[] = [];
  const stop = new AbortController();
  const logged: LogFields[] = [];
  const told: { wait: DiscoverySnapshot | null } = { wait: null };
  const promise = discover({
    config: {
      discordApiUrl: "https://api.test/api",
      totalShards: null,
      gatewayHosts: ["gateway.test"],
      ...config,
    },
    clock,
    random: () => 1,
    log: logTo((_level, _event, fields) => logged.push(fields)),
    signal: stop.signal,
    setsClock: true,
    waits: (wait) => told.wait = wait,
    ask: (path) => {
      asked.push({ path, atMs: clock.now() });
      return Promise.resolve().then(answers[Math.min(asked.length, answers.length) - 1]!);
    },
  });
  promise.catch(() => {});
  return { clock, asked, stop, promise, logged, told };
}

const says = (status: number, headers: HeadersInit = {}, body: unknown = {}): Answer => () =>
  Response.json(body, { status, headers });

Deno.test("discover() asks GET /gateway/bot", async () => {
  const { asked, promise, told } = setUp([says(200, {}, INFO)]);
  assert.equal((await promise).shards, 2);
  assert.deepEqual([asked, told.wait], [[{ path: "/gateway/bot", atMs: 0 }], null]);
});

Deno.test("discover() believes Discord about what time it is, and says by how much our clock is wrong", async () => {
  const date = new Date(WALL_MS - 7_200_000).toUTCString();
  const { clock, promise, logged } = setUp([says(200, { date }, INFO)]);
  await promise;
  assert.equal(clock.epochMs(), WALL_MS - 7_200_000);
  assert.deepEqual(logged, [{ aheadMs: 7_200_000 }]);
});

Deno.test("discover() takes a Date that is nearly ours, none, or one that is no date for no news", async () => {
  for (
    const date of [new Date(WALL_MS - 3_000).toUTCString(), "", "soon", "1 Jan 1970", "1 Jan 9999"]
  ) {
    const { clock, promise, logged } = setUp([says(200, { date }, INFO)]);
    await promise;
    assert.deepEqual([clock.epochMs(), logged], [WALL_MS, []], date);
  }
});

Deno.test("discover() asks again with growing pauses while Discord is ill", async () => {
  const gone = () => problemAnswer({ status: 502, reason: "connection refused" });
  const { clock, asked, promise, logged } = setUp([
    says(503),
    gone,
    says(503),
    says(200, {}, INFO),
  ]);
  await clock.advance(60_000);
  assert.equal((await promise).shards, 2);
  const pauses = asked.slice(1).map(({ atMs }, i) => atMs - asked[i]!.atMs);
  assert.deepEqual(pauses, [500, 1_000, 2_000]);
  assert.equal(
    logged[1]!.error,
    "Cannot ask DISCORD_API_URL https://api.test/api for /gateway/bot: connection refused; " +
      "is the address right, and the network up?",
  );
});

Deno.test("discover() names the setting where something else than Discord's API answers", async () => {
  const page = () => new Response("<!DOCTYPE html>");
  const { clock, logged, stop, promise } = setUp([page, says(404)]);
  await clock.advance(1_000);
  const [first, second] = logged.map(({ error }) => String(error));
  assert.match(first!, /something else than JSON; is DISCORD_API_URL right\?: Unexpected token/);
  assert.match(second!, /was answered 404; is DISCORD_API_URL right\?$/);
  stop.abort(new Error("stopping"));
  await assert.rejects(promise, /stopping/);
});

Deno.test("discover() asks again when Discord wants it, and says until when it waits and why", async () => {
  const body = { message: "You are being rate limited.", retry_after: 82_720.3, global: false };
  const { clock, asked, promise, logged, told } = setUp([
    says(429, { "retry-after": "82721" }, body),
    says(200, {}, INFO),
  ]);
  await clock.advance(82_720_999);
  assert.equal(asked.length, 1);
  const reason = "GET /gateway/bot was answered 429: You are being rate limited.";
  assert.deepEqual(told.wait, { reason, untilMs: WALL_MS + 82_721_000 });
  const until = "2026-01-01T22:58:41.000Z";
  assert.deepEqual(logged, [{ error: reason, delayMs: 82_721_000, until }]);
  await clock.advance(1);
  assert.equal((await promise).shards, 2);
  assert.equal(told.wait, null);
});

Deno.test("discover() obeys Retry-After whatever the status, and never waits for less than its pause", async () => {
  for (
    const [retryAfter, waitMs] of [
      ["30", 30_000],
      ["0", 500],
      ["-3", 500],
      ["Wed, 21 Oct 2026 07:28:00 GMT", 500],
      ["99999999999", 86_400_000],
    ] as const
  ) {
    const { clock, asked, promise, stop } = setUp([says(503, { "retry-after": retryAfter })]);
    await clock.advance(waitMs - 1);
    assert.equal(asked.length, 1, retryAfter);
    await clock.advance(1);
    assert.equal(asked.length, 2, retryAfter);
    stop.abort(new Error("stopping"));
    await assert.rejects(promise, /stopping/);
  }
});

Deno.test("discover() takes the time of the body where no header names one", async () => {
  const { clock, asked, promise } = setUp([
    says(429, {}, { retry_after: 12.5 }),
    says(200, {}, INFO),
  ]);
  await clock.advance(12_499);
  assert.equal(asked.length, 1);
  await clock.advance(1);
  assert.equal((await promise).shards, 2);
});

Deno.test("discover() does not ask again with a token that Discord does not know", async () => {
  const { clock, asked, promise } = setUp([says(401)]);
  await assert.rejects(promise, { code: "unauthorized" });
  await clock.advance(60_000);
  assert.equal(asked.length, 1);
});

Deno.test("discover() does not take the proxy's word for Discord's about the token", async () => {
  const ours = () => problemAnswer({ status: 401, reason: "answered so", retryAfterMs: 700 });
  const { clock, promise } = setUp([ours, says(200, {}, INFO)]);
  await clock.advance(1_000);
  assert.equal((await promise).shards, 2);
});

Deno.test("discover() ends when it is told to, also in a pause", async () => {
  const { clock, stop, promise } = setUp([says(500)]);
  await clock.advance(100);
  stop.abort(new Error("stopping"));
  await assert.rejects(promise, /stopping/);
});

Deno.test("discover() passes the same pace as all requests: the 51st of a second waits", async () => {
  const scene = stage();
  const { clock, proxy, channel } = scene;
  for (let i = 0; i < 51; i++) scene.ask("GET", i ? `/channels/${channel.id}` : "/users/@me");
  await clock.advance(100);
  let shards = 0;
  discover({
    config: CONFIG_DEFAULTS,
    clock,
    random: () => 1,
    log: logTo(() => {}),
    signal: new AbortController().signal,
    setsClock: true,
    waits() {},
    ask: proxy.ask,
  }).then((info) => shards = info.shards);
  await clock.advance(5_000);
  assert.equal(shards, scene.world.settings.shards);
  assert.deepEqual([scene.refused(), scene.ledger.violations], [[], []]);
  const asked = scene.sent.find(({ path }) => path === "/api/v10/gateway/bot")!;
  assert.ok(asked.atMs > 1_000, `${asked.atMs}`);
});

Deno.test("discover() asks again where the address or the number of shards cannot be used", async () => {
  const odd = (changed: object) => () => Response.json({ ...INFO, ...changed });
  const answers = [odd({ url: "::" }), odd({ shards: null }), () => Response.json(INFO)];
  const { clock, asked, promise, logged } = setUp(answers);
  await clock.advance(10_000);
  assert.equal((await promise).url, "wss://gateway.test");
  assert.equal(asked.length, 3);
  assert.match(JSON.stringify(logged), /url is \\"::\\", expected.*shards is null, expected/);
});

Deno.test("discover() goes on with what is known without Discord, and says so", async () => {
  const { discordApiUrl } = CONFIG_DEFAULTS;
  const answer = () => Response.json({ ...INFO, url: null, shards: "2" });
  const { promise, logged } = setUp([answer], { discordApiUrl, totalShards: 3 });
  const { url, shards } = await promise;
  assert.deepEqual([url, shards], ["wss://gateway.discord.gg", 3]);
  assert.match(
    JSON.stringify(logged),
    /url is null.*wss:.*shards is/,
  );
});

for (
  const [url, api, isTaken] of [
    ["wss://evil.example", "https://discord.com/api", false],
    ["ws://gateway.discord.gg", "https://discord.com/api", false],
    ["wss://gateway-us-east1-b.discord.gg", "https://discord.com/api", true],
    ["ws://127.0.0.1:4000", "http://127.0.0.1:3000/api", true],
    ["ws://127.0.0.2:4000", "http://127.0.0.1:3000/api", false],
    ["wss://a.gateway.test", "http://127.0.0.1:3000/api", true],
  ] as const
) {
  Deno.test(`discover() ${isTaken ? "takes" : "does not take"} ${url} from ${api}`, async () => {
    const { promise, logged } = setUp([says(200, {}, { ...INFO, url })], { discordApiUrl: api });
    assert.equal((await promise).url, isTaken ? url : "wss://gateway.discord.gg");
    const { host } = new URL(url);
    assert.deepEqual(logged, isTaken ? [] : [{ host, instead: "gateway.discord.gg" }]);
  });
}
