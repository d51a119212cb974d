import assert from "node:assert/strict";
import { systemClock } from "../../../ports/clock.ts";
import { serveUnit } from "../../../app/http/server.ts";
import { logTo } from "../../../ports/log.ts";
import { GatehouseError } from "../../../protocol/errors.ts";
import type { UnitCaller } from "../../../rest/auth.ts";
import type { Unit } from "../../../unit/unit.ts";
import { cluster } from "../../support/peers.ts";
import { shard, snapshot } from "../../support/snapshots.ts";

const HERE = { publicUrl: null, trusts: () => false };

/** A port on 127.0.0.1 in front of a unit that is not there. */
async function setUp(place: Parameters<typeof serveUnit>[0]["place"] = HERE) {
  const lines: string[] = [];
  const world = {
    refusal: null as string | null,
    caller: "operator" as UnitCaller,
    error: new Error("never thrown") as Error,
    gateway: null as Unit["gateway"] | null,
    snapshot: snapshot(),
    mayKnowWhy: true,
  };
  const port = await serveUnit({
    hostname: "127.0.0.1",
    port: 0,
    connections: 100,
    clock: systemClock,
    unit: {
      get snapshot() {
        return world.snapshot;
      },
      get stats() {
        throw world.error;
      },
      get gateway() {
        return world.gateway;
      },
      totalShards: 1,
    } as unknown as Unit,
    log: logTo((level, event, fields) => lines.push(`${level} ${event} ${JSON.stringify(fields)}`)),
    rest: (request) => Promise.resolve(new Response(`rest ${new URL(request.url).pathname}`)),
    restVerdict: () => "bot",
    authorizePlace: () => null,
    authorize: () => world.refusal === null ? world.caller : { refused: world.refusal },
    mayKnowWhy: () => world.mayKnowWhy,
    dashboard: (request) => new Response(`dashboard ${new URL(request.url).pathname}`),
    place,
  });
  return {
    port,
    world,
    lines,
    async get(path: string, headers: Record<string, string> = {}) {
      const answer = await fetch(`${port.url}${path}`, { headers });
      return { status: answer.status, text: await answer.text(), headers: answer.headers };
    },
    [Symbol.asyncDispose]: () => port.stop(),
  };
}

Deno.test("health, readiness and the REST proxy need no credential of ours", async () => {
  await using rig = await setUp();
  const { get, world } = rig;
  world.refusal = "Authorization is missing";
  assert.deepEqual((await get("/healthz")).text, "ok\n");
  assert.deepEqual((await get("/api/v10/users/@me")).text, "rest /api/v10/users/@me");
  assert.equal((await get("/readyz")).status, 200);
  world.snapshot = snapshot({ shards: [shard(0, { state: "hello" })] });
  const { status, text } = await get("/readyz");
  assert.deepEqual([status, JSON.parse(text)], [
    503,
    { ready: false, reasons: ["shard 0: hello"], warnings: [], fullest: null },
  ]);
  world.mayKnowWhy = false;
  const told = await get("/readyz");
  assert.deepEqual([told.status, told.text], [503, '{"ready":false}']);
});

Deno.test("all else is for who is let in, and who is not is told why, and so is the log", async () => {
  await using rig = await setUp();
  const { get, world, lines } = rig;
  world.refusal = "Authorization is missing";
  for (const path of ["/metrics", "/events", "/control/state", "/nowhere"]) {
    const { status, text } = await get(path);
    assert.deepEqual([status, text], [401, '{"error":"Authorization is missing"}'], path);
    assert.match(lines.at(-1)!, new RegExp(`^warn request refused .*"${path}"`));
  }
  world.refusal = null;
  const metrics = await get("/metrics");
  assert.match(metrics.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  assert.match(metrics.text, /^gatehouse_/m);
  assert.match(metrics.text, /^gatehouse_connections 1$/m);
  assert.equal((await get("/control/state")).status, 200);
});

Deno.test("who asks in vain over and over does not fill the log", async () => {
  await using rig = await setUp();
  const { get, world, lines } = rig;
  world.refusal = "Authorization is missing";
  for (let i = 0; i < 100; i++) await get(`/${"long/".repeat(200)}${i}`);
  const told = lines.filter((line) => line.startsWith("warn request refused"));
  assert.equal(told.length, 10);
  assert.ok(told.every((line) => line.length < 300));
});

Deno.test("a built-in cluster's credential opens links and its own verbs, and nothing else", async () => {
  await using rig = await setUp();
  const { get, world, lines } = rig;
  world.caller = cluster(0);
  const { status, text } = await get("/metrics");
  assert.deepEqual([status, JSON.parse(text)], [403, {
    error: "/metrics is not for this credential: it wants REST_AUTHORIZATION",
  }]);
  assert.match(lines.at(-1)!, /^warn request refused/);
  assert.equal((await get("/control/state")).status, 403);
  assert.equal((await get("/events")).status, 503, "let in, but there are no links yet");
  world.caller = "consumer";
  assert.equal((await get("/control/state")).status, 401);
  assert.equal((await get("/events")).status, 503);
});

Deno.test("a path that is not there, and links before there are shards, are told in words", async () => {
  await using rig = await setUp();
  const { get } = rig;
  assert.deepEqual((await get("/nowhere")).text, '{"error":"there is no GET /nowhere here"}');
  assert.equal((await get("/nowhere")).status, 404);
  assert.equal((await get("/events")).status, 503);
});

Deno.test("an error of the caller has its status and code; any other is told to the log only", async () => {
  await using rig = await setUp();
  const { get, world, lines } = rig;
  for (
    const [code, status] of [["no_shard", 404], ["refused", 409], ["deadline", 504]] as const
  ) {
    world.error = new GatehouseError(code, "caller", "Cannot do that");
    const answer = await get("/control/stats");
    assert.deepEqual([answer.status, JSON.parse(answer.text)], [
      status,
      { error: "Cannot do that", code },
    ]);
  }
  world.error = new Error("the secret");
  const answer = await get("/control/stats");
  assert.deepEqual([answer.status, answer.text], [
    500,
    '{"error":"internal error, see the log"}',
  ]);
  assert.equal(
    lines.at(-1),
    'error request failed {"path":"/control/stats","error":"the secret"}',
  );
});

Deno.test("serveUnit() tells the log where it listens", async () => {
  await using rig = await setUp();
  assert.match(rig.lines[0]!, /^info listening \{"url":"http:\/\/127\.0\.0\.1:\d+"\}$/);
});

Deno.test("only the address that a connection comes from is trusted, whatever it says", async () => {
  const told = { "x-forwarded-proto": "https", "x-forwarded-host": "bots.example" };
  const claim = { ...told, "x-forwarded-for": "10.0.0.1", forwarded: "for=10.0.0.1" };
  for (
    const [trusted, url] of [["127.0.0.1", /^wss:\/\/bots\.example\/$/], [
      "10.0.0.1",
      /^ws:\/\/127/,
    ]]
  ) {
    await using rig = await setUp({ publicUrl: null, trusts: (address) => address === trusted });
    rig.world.gateway = { openConsumers: {} } as Unit["gateway"];
    const { text } = await rig.get("/api/v10/gateway", claim);
    assert.match(JSON.parse(text).url, url as RegExp);
  }
});

Deno.test("a browser that comes to the port is led to the dashboard, and nobody else is", async () => {
  await using rig = await setUp();
  const { port, world, get } = rig;
  world.refusal = "Authorization is missing";
  const to = async (path: string, headers: Record<string, string>) => {
    const answer = await fetch(`${port.url}${path}`, { headers, redirect: "manual" });
    await answer.body?.cancel();
    return [answer.status, answer.headers.get("location")];
  };
  const page = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
  assert.deepEqual(await to("/", page), [302, "dashboard"]);
  assert.deepEqual(await to("/", { accept: "*/*" }), [503, null]);
  assert.deepEqual(await to("/", { ...page, upgrade: "websocket" }), [503, null]);
  assert.deepEqual(await to("/gateway", page), [503, null]);
  for (const path of ["/dashboard", "/dashboard/", "/dashboard/page/app.js"]) {
    assert.equal((await get(path)).text, `dashboard ${path}`);
  }
});
