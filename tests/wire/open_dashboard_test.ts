import assert from "node:assert/strict";
import { heardLog, openDashboard } from "../../app/open_dashboard.ts";
import { openUnit } from "../../app/open_unit.ts";
import { createLog } from "../../app/terminal/log.ts";
import { type Config, CONFIG_DEFAULTS } from "../../config/config.ts";
import { systemClock } from "../../ports/clock.ts";
import type { Status } from "../../protocol/status.ts";
import { Feed } from "../../unit/feed.ts";
import type { Unit } from "../../unit/unit.ts";
import { eventsOf } from "../support/dashboard/watched_unit.ts";

const SECRET = "rest-authorization-of-the-unit";

async function logOf(secrets: string[] = []) {
  const lines: string[] = [];
  const log = await createLog({
    level: "info",
    format: "json",
    color: false,
    secrets,
    clock: systemClock,
    write: (line) => lines.push(line),
  });
  return { log, lines };
}

/** A unit that is opened and never started, with a way to its dashboard. */
async function setUp(changed: Partial<Config> = {}) {
  const stateDir = await Deno.makeTempDir();
  const { log, lines } = await logOf([SECRET]);
  const config = { ...CONFIG_DEFAULTS, discordToken: "the.token", listenPort: 0, stateDir };
  const open = await openUnit({
    config: { ...config, ...changed },
    log,
    workerPermissions: "inherit",
  });
  const { url } = open;
  return {
    ...open,
    lines,
    get: (path: string, headers: Record<string, string> = {}) =>
      fetch(`${url}/dashboard${path}`, { headers }),
    post: (path: string, body: unknown, headers: Record<string, string> = {}) =>
      fetch(`${url}/dashboard${path}`, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { origin: url, ...headers },
      }),
    async [Symbol.asyncDispose]() {
      await open.stop("the test is over");
      await Deno.remove(stateDir, { recursive: true });
    },
  };
}

Deno.test("a browser with the secret logs in, looks, and acts; the log says so without the secret", async () => {
  await using rig = await setUp({ restAuthorization: SECRET });
  const { get, post, lines } = rig;
  const closed = await get("/live");
  assert.deepEqual([closed.status, await closed.json()], [401, { error: "Nobody is logged in" }]);
  const login = await post("/login", { secret: SECRET });
  assert.deepEqual([login.status, await login.json()], [200, { ok: true }]);
  const cookie = login.headers.get("set-cookie")!.split(";")[0]!;
  const live = await get("/live", { cookie });
  assert.match(live.headers.get("content-type")!, /^text\/event-stream/);
  const page = eventsOf(live);
  const { data: { csrf, needsLogin } } = (await page.next())!;
  assert.equal(needsLogin, true);
  const { event, data: view } = (await page.next())!;
  assert.equal(event, "view");
  assert.deepEqual(view.unit.reasons, ["no shard has started yet"]);
  const { event: next } = (await page.next())!;
  assert.equal(next, "change");
  const headers = { cookie, "x-gatehouse-dashboard": csrf };
  const acted = await post("/act", { method: "respawn", clusterId: 9 }, headers);
  assert.equal(acted.status, 409);
  assert.match((await acted.json()).error, /cluster/);
  await page.leave();
  const log = lines.join("");
  assert.match(log, /"dashboard login"/);
  assert.match(log, /"dashboard action".*"clusterId":9/);
  assert.match(log, /"dashboard action failed"/);
  for (const secret of [SECRET, cookie.split("=")[1]!, csrf]) assert.ok(!log.includes(secret));
});

Deno.test("no other credential opens the dashboard, in a form or as a header", async () => {
  const key = "key-of-event-links";
  await using rig = await setUp({ restAuthorization: SECRET, eventHandlerSecretKey: key });
  for (const secret of [key, "the.token", `Bot ${SECRET}`, ""]) {
    const answer = await rig.post("/login", { secret });
    assert.equal(answer.status, 401, secret);
    await answer.body?.cancel();
  }
  const answer = await rig.get("/live", { authorization: SECRET });
  assert.equal(answer.status, 401, "a header that a browser would remember");
  await answer.body?.cancel();
});

Deno.test("without a secret the dashboard is open to this machine, and to no page from elsewhere", async () => {
  await using rig = await setUp();
  const { get, post } = rig;
  const page = eventsOf(await get("/live"));
  const { data } = (await page.next())!;
  assert.equal(data.needsLogin, false);
  const headers = { "x-gatehouse-dashboard": data.csrf as string };
  for (const origin of ["https://evil.test", "null", "http://127.0.0.1:1"]) {
    const looked = await get("/live", { origin });
    assert.equal(looked.status, 401, origin);
    const acted = await post("/act", { method: "restartAll" }, { ...headers, origin });
    assert.equal(acted.status, 401, origin);
    for (const answer of [looked, acted]) await answer.body?.cancel();
  }
  const acted = await post("/act", { method: "restartAll" }, headers);
  assert.deepEqual(await acted.json(), { ok: true });
  await page.leave();
});

Deno.test("behind a server that ends TLS the page has its origin, and its cookie goes over TLS only", async () => {
  await using rig = await setUp({
    restAuthorization: SECRET,
    publicUrl: "https://bots.example/gate",
  });
  const login = async (origin: string) => {
    const answer = await rig.post("/login", { secret: SECRET }, { origin });
    await answer.body?.cancel();
    return [answer.status, answer.headers.get("set-cookie")?.replace(/=[0-9a-f]+/, "=…")];
  };
  const port = new URL(rig.url).port;
  assert.deepEqual(await login("https://bots.example"), [
    200,
    `gatehouse_${port}=…; HttpOnly; SameSite=Strict; Path=/gate/dashboard; Secure`,
  ]);
  assert.deepEqual(await login(rig.url), [403, undefined]);
});

Deno.test("who guesses by way of a server in front locks nobody else out, and the log says who it was", async () => {
  await using rig = await setUp({ restAuthorization: SECRET, trustedProxies: ["127.0.0.1"] });
  const login = async (from: string, secret: string) => {
    const answer = await rig.post("/login", { secret }, { "x-forwarded-for": from });
    await answer.body?.cancel();
    return answer.status;
  };
  for (let guess = 0; guess < 5; guess++) assert.equal(await login("203.0.113.7", "no"), 401);
  assert.equal(await login("203.0.113.7", SECRET), 429);
  assert.equal(await login(`203.0.113.7, 198.51.100.1`, SECRET), 200);
  assert.match(rig.lines.join(""), /"dashboard login refused".*"from":"203.0.113.7"/);
  assert.match(rig.lines.join(""), /"dashboard login".*"from":"198.51.100.1"/);
});

Deno.test("heardLog() tells warnings and errors, also those from before, without secrets, whatever the level", async () => {
  const { log, lines } = await logOf(["hunter2"]);
  const heard = heardLog(log);
  heard.warn("a state file could not be read", { path: "hunter2", token: "x" });
  heard.info("nothing special");
  const told: unknown[] = [];
  heard.heardBy((...line) => told.push(line));
  heard.error("worse", { error: "hunter2" });
  heard.debug("nothing at all");
  assert.deepEqual(told, [
    ["warn", "a state file could not be read", { path: "[redacted]", token: "[redacted]" }],
    ["error", "worse", { error: "[redacted]" }],
  ]);
  assert.equal(lines.length, 3);
});

/** A dashboard of a unit of which only what happens is there. */
async function watching(status: () => AsyncGenerator<Status>) {
  const { log, lines } = await logOf();
  const dashboard = openDashboard({
    config: CONFIG_DEFAULTS,
    unit: { status } as unknown as Unit,
    log: heardLog(log),
    rules: () => ({}) as never,
    place: { publicUrl: null, trusts: () => false },
  });
  return { dashboard, lines };
}

Deno.test("what the dashboard cannot read of the unit is an error in the log, and nothing more", async () => {
  const { dashboard, lines } = await watching(async function* () {
    yield await Promise.resolve({ kind: "stopping", reason: "a test" } as const);
    throw new Error("it is garbled");
  });
  await new Promise((resolve) => setTimeout(resolve));
  assert.match(lines.join(), /"ERROR".*"the dashboard sees no more of the unit".*it is garbled/);
  dashboard.stop();
});

Deno.test("a dashboard that has stopped reads no more of the unit", async () => {
  const feed = new Feed<Status>();
  let left = 0;
  const { dashboard } = await watching(() => {
    const statuses = feed.read();
    const leave = statuses.return;
    statuses.return = (value) => {
      left++;
      return leave(value);
    };
    return statuses;
  });
  dashboard.stop();
  assert.equal(left, 1);
});
