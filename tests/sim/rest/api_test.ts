import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { ANSWERS } from "../../../sim/rest/faults.ts";
import { refused, restApi } from "./api.ts";

Deno.test("GET /gateway needs no credential and tells the address only", async () => {
  const { call, world } = restApi();
  const { status, json } = await call("GET", "/gateway", { auth: null });
  assert.equal(status, 200);
  assert.deepEqual(json, { url: world.addresses.gatewayUrl });
});

Deno.test("GET /gateway/bot tells shards and the budget as they are at this moment", async () => {
  const { call, world } = restApi({ shards: 4, maxConcurrency: 2 });
  const before = await call("GET", "/gateway/bot");
  assert.equal(before.json.shards, 4);
  assert.deepEqual(before.json.session_start_limit, {
    total: 1000,
    remaining: 1000,
    reset_after: 0,
    max_concurrency: 2,
  });
  world.sessionStarts.spend();
  world.settings.shards = 8;
  const after = await call("GET", "/gateway/bot");
  assert.equal(after.json.shards, 8);
  assert.equal(after.json.session_start_limit.remaining, 999);
  assert.equal(after.json.session_start_limit.reset_after, 86_400_000);
});

Deno.test("a credential that is missing or wrong is 401 with code 0", async () => {
  const { call } = restApi();
  for (const auth of [null, "Bot wrong", "sim-token", "Bearer sim-bearer"]) {
    refused(await call("GET", "/gateway/bot", { auth }), 401, 0);
  }
});

Deno.test("a rotated token is 401 from then on", async () => {
  const { call, world } = restApi();
  world.rotateToken();
  refused(await call("GET", "/users/@me"), 401, 0);
});

Deno.test("a Bearer token may ask who it is, and counts by itself", async () => {
  const { call } = restApi({ restGlobalPerSecond: 1 });
  assert.equal((await call("GET", "/users/@me", { auth: "Bearer sim-bearer" })).status, 200);
  assert.equal((await call("GET", "/users/@me")).status, 200);
  refused(await call("GET", "/users/@me", { auth: "Bearer wrong" }), 401, 0);
});

Deno.test("an application is found under both of its paths", async () => {
  const { call, world } = restApi();
  for (const path of ["/applications/@me", "/oauth2/applications/@me"]) {
    assert.equal((await call("GET", path)).json.id, world.application.id);
  }
});

Deno.test("versions 6 to 10 and none are served, others are 50041", async () => {
  const { call } = restApi();
  for (const prefix of ["/api", "/api/v6", "/api/v9", "/api/v10"]) {
    assert.equal((await call("GET", `${prefix}/users/@me`)).status, 200, prefix);
  }
  refused(await call("GET", "/api/v5/users/@me"), 400, 50041);
  refused(await call("GET", "/api/v11/users/@me"), 400, 50041);
});

Deno.test("an unknown route is 404 with code 0, a known one with another method is 405", async () => {
  const { call, ledger } = restApi();
  const unknown = await call("GET", "/no/such/route");
  assert.deepEqual(unknown.json, { message: "404: Not Found", code: 0 });
  refused(unknown, 404, 0);
  refused(await call("PUT", "/gateway"), 405, 0);
  assert.deepEqual(ledger.rest.map((entry) => entry.route), ["unknown", "unknown"]);
});

Deno.test("a User-Agent that is not a bot's is 403 with code 40333 where that is asked for", async () => {
  const { call } = restApi({}, { userAgents: "discord" });
  refused(await call("GET", "/users/@me", { headers: { "user-agent": "Deno/2.9" } }), 403, 40333);
  const agent = { "user-agent": "DiscordBot (https://example.org, 1.0)" };
  assert.equal((await call("GET", "/users/@me", { headers: agent })).status, 200);
});

Deno.test("every request is in the ledger by method, template, status and scope, without a token", async () => {
  const { call, ledger, channel, clock } = restApi();
  await clock.advance(1234);
  await call("POST", `/channels/${channel.id}/messages`, { json: { content: "hi" } });
  assert.deepEqual(ledger.rest, [{
    method: "POST",
    route: "/channels/:channel_id/messages",
    status: 200,
    scope: null,
    remoteAddress: "192.0.2.1",
    atMs: 1234,
  }]);
  assert.ok(!JSON.stringify(ledger).includes("sim-token"));
});

Deno.test("the 51st request of a second is a 429 of scope global, in headers and body", async () => {
  const { call, ledger, clock } = restApi();
  await clock.advance(339);
  for (let i = 0; i < 50; i++) assert.equal((await call("GET", "/users/@me")).status, 200);
  const { status, headers, json } = await call("GET", "/users/@me");
  assert.equal(status, 429);
  assert.deepEqual(json, {
    message: "You are being rate limited.",
    retry_after: 0.661,
    global: true,
  });
  assert.equal(headers.get("retry-after"), "1");
  assert.equal(headers.get("x-ratelimit-global"), "true");
  assert.equal(headers.get("x-ratelimit-scope"), "global");
  assert.equal(headers.get("x-ratelimit-limit"), null);
  assert.deepEqual(ledger.violations.map(({ rule }) => rule), ["rest"]);
  await clock.advance(661);
  assert.equal((await call("GET", "/users/@me")).status, 200);
});

Deno.test("without a credential the global limit counts by address", async () => {
  const { call } = restApi({ restGlobalPerSecond: 1 });
  assert.equal((await call("GET", "/gateway", { auth: null })).status, 200);
  assert.equal((await call("GET", "/gateway", { auth: null })).status, 429);
  assert.equal((await call("GET", "/gateway", { auth: null, address: "192.0.2.2" })).status, 200);
});

Deno.test("a bucket's 429 has its headers, and is a violation because they announced it", async () => {
  const { call, channel, ledger } = restApi();
  const post = () => call("POST", `/channels/${channel.id}/messages`, { json: { content: "hi" } });
  for (let i = 5; i-- > 0;) {
    assert.equal((await post()).headers.get("x-ratelimit-remaining"), String(i));
  }
  const { status, headers, json } = await post();
  assert.equal(status, 429);
  assert.deepEqual(json, {
    message: "You are being rate limited.",
    retry_after: 1,
    global: false,
  });
  assert.equal(headers.get("x-ratelimit-scope"), "user");
  assert.equal(headers.get("x-ratelimit-remaining"), "0");
  assert.equal(headers.get("x-ratelimit-reset-after"), "5.000");
  assert.deepEqual(ledger.violations.map(({ detail }) => detail), [
    "429 of scope user: POST /channels/:channel_id/messages",
  ]);
});

Deno.test("before v8 the times of a 429 are milliseconds", async () => {
  const { call } = restApi({ restGlobalPerSecond: 1 });
  await call("GET", "/users/@me");
  const { headers, json } = await call("GET", "/api/users/@me");
  assert.equal(json.retry_after, 1000);
  assert.equal(headers.get("retry-after"), "1000");
});

Deno.test("renaming a channel a third time hits a hidden limit, which is nobody's violation", async () => {
  const { call, channel, ledger, clock } = restApi();
  const rename = (name: string) => call("PATCH", `/channels/${channel.id}`, { json: { name } });
  await rename("one");
  await rename("two");
  await clock.advance(18_000);
  const { status, headers, json } = await rename("three");
  assert.equal(status, 429);
  assert.equal(json.retry_after, 582);
  assert.equal(headers.get("x-ratelimit-remaining"), "4");
  assert.equal(headers.get("x-ratelimit-scope"), "user");
  assert.equal(channel.name, "two");
  assert.deepEqual(ledger.violations, []);
  assert.equal(
    (await call("PATCH", `/channels/${channel.id}`, { json: { topic: "t" } })).status,
    200,
  );
});

Deno.test("a shared 429 has its own words and code, and does not count as invalid", async () => {
  const { call, channel, rest, ledger } = restApi();
  rest.limiter.saturate("message_create", { forMs: 300, code: 20028 });
  const post = () => call("POST", `/channels/${channel.id}/messages`, { json: { content: "hi" } });
  const { status, json, headers } = await post();
  assert.equal(status, 429);
  assert.equal(json.code, 20028);
  assert.equal(json.retry_after, 0.3);
  assert.match(json.message, /write rate limit/);
  assert.equal(headers.get("x-ratelimit-scope"), "shared");
  assert.equal(rest.invalid.counted("192.0.2.1"), 0);
  assert.deepEqual(ledger.violations, []);
});

Deno.test("too many invalid requests ban the address, whatever it sends, until the ban ends", async () => {
  const { call, ledger, clock } = restApi({}, { invalidLimit: 3, banMs: 60_000 });
  for (let i = 0; i < 3; i++) refused(await call("GET", "/users/@me", { auth: null }), 401, 0);
  assert.deepEqual(ledger.violations.map(({ rule }) => rule), ["rest"]);
  const { status, headers, json } = await call("GET", "/users/@me");
  assert.equal(status, 429);
  assert.match(json.message, /^You are being blocked/);
  assert.equal(json.retry_after, undefined);
  assert.equal(headers.get("via"), null);
  assert.equal(headers.get("x-ratelimit-scope"), null);
  assert.equal((await call("GET", "/users/@me", { address: "192.0.2.2" })).status, 200);
  await clock.advance(60_000);
  const after = await call("GET", "/users/@me");
  assert.equal(after.status, 200);
  assert.equal(after.headers.get("via"), "1.1 google");
});

Deno.test("a ban can be a page of HTML", async () => {
  const { call } = restApi({}, { invalidLimit: 1, banPage: "html" });
  await call("GET", "/users/@me", { auth: null });
  const { headers, text } = await call("GET", "/users/@me");
  assert.match(headers.get("content-type")!, /^text\/html/);
  assert.match(text, /error code: 1015/);
});

Deno.test("invalid requests are forgotten after their window", async () => {
  const { call, rest, clock } = restApi({}, { invalidLimit: 2 });
  await call("GET", "/users/@me", { auth: null });
  assert.equal(rest.invalid.counted("192.0.2.1"), 1);
  await clock.advance(600_000);
  await call("GET", "/users/@me", { auth: null });
  assert.equal((await call("GET", "/users/@me")).status, 200);
});

Deno.test("an answer fault comes in place of the endpoint, as often as it may", async () => {
  const { call, rest, channel, ledger, dispatches } = restApi();
  rest.faults.add({ kind: "answer", reply: ANSWERS.badGateway, method: "POST", times: 2 });
  const post = () => call("POST", `/channels/${channel.id}/messages`, { json: { content: "hi" } });
  for (let i = 0; i < 2; i++) {
    const { status, headers, text } = await post();
    assert.equal(status, 502);
    assert.equal(headers.get("x-ratelimit-bucket"), null);
    assert.match(text, /Bad Gateway/);
  }
  assert.deepEqual(dispatches, []);
  assert.equal((await post()).status, 200);
  assert.deepEqual(ledger.faults.map(({ fault }) => fault), ["rest answer", "rest answer"]);
});

Deno.test("an answer fault may come after the endpoint has done its work", async () => {
  const { call, rest, channel, dispatches } = restApi();
  rest.faults.add({ kind: "answer", reply: ANSWERS.serverError, acts: true });
  const { status } = await call("POST", `/channels/${channel.id}/messages`, {
    json: { content: "hi" },
  });
  assert.equal(status, 500);
  assert.deepEqual(dispatches.map(({ t }) => t), ["MESSAGE_CREATE"]);
});

Deno.test("a fault can be cancelled, and strikes only its route", async () => {
  const { call, rest } = restApi();
  const cancel = rest.faults.add({ kind: "answer", reply: ANSWERS.csv, route: "/gateway" });
  assert.equal((await call("GET", "/users/@me")).headers.get("content-type"), "application/json");
  cancel();
  assert.equal((await call("GET", "/gateway")).headers.get("content-type"), "application/json");
});

Deno.test("a slow fault holds the answer back", async () => {
  const { call, rest, clock } = restApi();
  rest.faults.add({ kind: "slow", delayMs: 5000 });
  let answered = false;
  const asked = call("GET", "/users/@me").then(() => answered = true);
  await clock.advance(4999);
  assert.equal(answered, false);
  await clock.advance(1);
  await asked;
});

Deno.test("a reset fault breaks the body in the middle", async () => {
  const { send, rest } = restApi();
  rest.faults.add({ kind: "reset", afterBytes: 10 });
  const reader = (await send("GET", "/users/@me")).body!.getReader();
  assert.equal((await reader.read()).value!.length, 10);
  await assert.rejects(reader.read(), /cut the connection/);
});

Deno.test("a compress fault sends the same JSON in gzip", async () => {
  const { send, rest, world } = restApi();
  rest.faults.add({ kind: "compress", encoding: "gzip" });
  const response = await send("GET", "/users/@me");
  assert.equal(response.headers.get("content-encoding"), "gzip");
  const text = gunzipSync(new Uint8Array(await response.arrayBuffer())).toString();
  assert.equal(JSON.parse(text).id, world.user.id);
});

Deno.test("commands are replaced as a whole, and those that stay keep their ids", async () => {
  const { call, world, guild } = restApi();
  const path = `/applications/${world.application.id}/commands`;
  const one = await call("PUT", path, { json: [{ name: "ping", description: "p" }] });
  const two = await call("PUT", path, { json: [{ name: "ping" }, { name: "pong" }] });
  assert.equal(two.json.length, 2);
  assert.equal(two.json[0].id, one.json[0].id);
  assert.deepEqual((await call("GET", path)).json, two.json);
  const ofGuild = `/applications/${world.application.id}/guilds/${guild.id}/commands`;
  assert.deepEqual((await call("GET", ofGuild)).json, []);
  refused(await call("PUT", "/applications/1/commands", { json: [] }), 403, 20012);
});
