import assert from "node:assert/strict";
import type { Unit } from "../../../unit/unit.ts";
import { createVirtualClock } from "../../../sim/mod.ts";
import { DOOR_PATIENCE_MS, gatewayRoutes } from "../../../app/http/server.ts";
import { loadHono } from "../../../deps.ts";
import type { RestVerdict } from "../../../rest/auth.ts";

async function setUp({ isOpened = true } = {}) {
  const { Hono } = await loadHono();
  const clock = createVirtualClock();
  const opened = Promise.withResolvers<void>();
  const app = new Hono<{ Bindings: { readonly peer: string } }>();
  const world = {
    open: true,
    totalShards: 16,
    verdict: "bot" as RestVerdict,
    place: null as string | null,
    publicUrl: null as string | null,
    peer: "127.0.0.1",
  };
  if (isOpened) opened.resolve();
  gatewayRoutes(app, {
    clock,
    unit: {
      opened: opened.promise,
      get gateway() {
        return { openConsumers: world.open ? {} : null } as Unit["gateway"];
      },
      get totalShards() {
        return world.totalShards;
      },
    },
    restVerdict: () => world.verdict,
    authorizePlace: () => world.place,
    placeNow: () => ({
      publicUrl: world.publicUrl,
      trusts: (address) => address === "10.0.0.1",
      own: { names: new Set(["localhost"]), port: "8787" },
    }),
  });
  const get = async (path: string, host = "gate.test:8787", more: Record<string, string> = {}) => {
    const request = new Request(`http://unit.test${path}`, { headers: { host, ...more } });
    const answer = await app.request(request, {}, { peer: world.peer });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  };
  return { world, get, clock, opened };
}

for (const version of ["v6", "v8", "v9", "v10", "v11"]) {
  Deno.test(`GET /api/${version}/gateway/bot leads to the address that the caller uses`, async () => {
    const { get } = await setUp();
    const { status, text } = await get(`/api/${version}/gateway/bot`);
    const { url, shards, session_start_limit } = JSON.parse(text);
    assert.deepEqual([status, url, shards], [200, "ws://gate.test:8787/", 16]);
    assert.equal(session_start_limit.max_concurrency, 16);
    const plain = await get(`/api/${version}/gateway`);
    assert.deepEqual(JSON.parse(plain.text), { url: "ws://gate.test:8787/" });
  });
}

Deno.test("GET /gateway/bot says how many shards the unit has at that moment: they may become others", async () => {
  const { world, get } = await setUp();
  const shards = async () => JSON.parse((await get("/api/v10/gateway/bot")).text).shards;
  const before = await shards();
  world.totalShards = 32;
  assert.deepEqual([before, await shards()], [16, 32]);
});

Deno.test("GET /gateway leads to our port where the caller's Host leaves it out", async () => {
  const { get } = await setUp();
  const urlFor = async (host: string) =>
    JSON.parse((await get("/api/v10/gateway", host)).text).url as string;
  assert.equal(await urlFor("localhost"), "ws://localhost:8787/");
  assert.equal(await urlFor("bots.example"), "ws://bots.example/", "a server stands in front");
});

Deno.test("GET /gateway leads to what a trusted server tells, and PUBLIC_URL is above all", async () => {
  const { world, get } = await setUp();
  const told = { "x-forwarded-proto": "https", "x-forwarded-host": "bots.example" };
  const url = async () => JSON.parse((await get("/api/v10/gateway", "inner:8787", told)).text).url;
  assert.equal(await url(), "ws://inner:8787/", "anybody can send these");
  world.peer = "10.0.0.1";
  assert.equal(await url(), "wss://bots.example/");
  world.publicUrl = "https://public.example/bot";
  assert.equal(await url(), "wss://public.example/bot/");
});

Deno.test("GET /gateway/bot is for the bot only; GET /gateway for whom /api lets in", async () => {
  const { world, get } = await setUp();
  world.verdict = "as is";
  assert.equal((await get("/api/v10/gateway")).status, 200);
  const refused = await get("/api/v10/gateway/bot");
  assert.deepEqual([refused.status, refused.text], [
    401,
    '{"message":"401: Unauthorized","code":0}',
  ]);
  world.verdict = { refused: "wrong place" };
  const wrong = await get("/api/v10/gateway");
  assert.deepEqual([wrong.status, wrong.headers.get("x-gatehouse-error")], [401, "wrong place"]);
});

Deno.test("paths are taken with and without a version, and a slash at the end", async () => {
  const { get } = await setUp();
  for (const path of ["/api/gateway/bot", "/api/v10/gateway/bot/", "/api/gateway/bot/"]) {
    assert.equal(JSON.parse((await get(path)).text).shards, 16, path);
  }
  for (const path of ["/api/gateway", "/api/v9/gateway/", "/api/gateway/"]) {
    assert.deepEqual(JSON.parse((await get(path)).text), { url: "ws://gate.test:8787/" }, path);
  }
  const asked = [
    "/?v=10&encoding=json",
    "//?v=10&encoding=json",
    "/?encoding=json&v=10",
    "/gateway/",
  ];
  for (const path of asked) assert.equal((await get(path)).status, 426, path);
});

Deno.test("nobody is let in before the unit knows its shards, and when it stops", async () => {
  const { world, get } = await setUp();
  world.open = false;
  for (const path of ["/", "/gateway", "/api/v10/gateway", "/api/v10/gateway/bot"]) {
    assert.equal((await get(path)).status, 503, path);
  }
});

const UPGRADE = [undefined, { upgrade: "websocket" }] as const;

Deno.test("who comes while the unit starts waits for it, and is not refused", async () => {
  const { get, opened } = await setUp({ isOpened: false });
  const answers: number[] = [];
  const asked = [get("/gateway", ...UPGRADE), get("/", ...UPGRADE), get("/api/v10/gateway/bot")];
  for (const each of asked) void each.then(({ status }) => answers.push(status));
  assert.equal(
    (await get("/gateway")).status,
    426,
    "what asks for no socket has nothing to wait for",
  );
  assert.deepEqual(answers, []);
  opened.resolve();
  await Promise.all(asked);
  // Nobody upgrades here.
  assert.deepEqual(answers.sort(), [200, 426, 426]);
});

Deno.test("who comes while the unit starts does not wait for ever, nor for one that stops", async () => {
  const late = await setUp({ isOpened: false });
  late.world.open = false;
  const asked = [late.get("/gateway", ...UPGRADE), late.get("/api/v10/gateway/bot")];
  await late.clock.advance(DOOR_PATIENCE_MS);
  assert.deepEqual((await Promise.all(asked)).map(({ status }) => status), [503, 503]);
  const stopping = await setUp({ isOpened: false });
  stopping.world.open = false;
  const last = stopping.get("/gateway", ...UPGRADE);
  stopping.opened.resolve();
  assert.equal((await last).status, 503);
});

Deno.test("/ and /gateway take sockets only, and none from where nobody may come from", async () => {
  const { world, get } = await setUp();
  for (const path of ["/", "/gateway?v=10"]) assert.equal((await get(path)).status, 426, path);
  world.place = "Origin is not this unit's";
  const refused = await get("/gateway");
  assert.deepEqual([refused.status, refused.text], [401, `{"error":"${world.place}"}`]);
});
