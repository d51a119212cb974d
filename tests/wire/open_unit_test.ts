import assert from "node:assert/strict";
import { createLog } from "../../app/terminal/log.ts";
import { openUnit } from "../../app/open_unit.ts";
import { type Config, CONFIG_DEFAULTS } from "../../config/config.ts";
import { systemClock } from "../../ports/clock.ts";

/** Settings of a unit that is opened and never started: nothing is asked of Discord. */
async function setUp() {
  const stateDir = await Deno.makeTempDir();
  const config = { ...CONFIG_DEFAULTS, discordToken: "the.token", listenPort: 0, stateDir };
  const written: string[] = [];
  const log = await createLog({
    level: "error",
    format: "json",
    color: false,
    secrets: [],
    clock: systemClock,
    write: (line) => void written.push(line),
  });
  return {
    open: (changed: Partial<Config> = {}) =>
      openUnit({ config: { ...config, ...changed }, log, workerPermissions: "inherit" }),
    stateDir,
    written,
    [Symbol.asyncDispose]: () => Deno.remove(stateDir, { recursive: true }),
  };
}

async function status(url: string, headers: Record<string, string> = {}): Promise<number> {
  const answer = await fetch(url, { headers });
  await answer.body?.cancel();
  return answer.status;
}

Deno.test("openUnit() opens the port before anything connects, and says that it is not ready", async () => {
  await using rig = await setUp();
  const { unit, url, stop } = await rig.open();
  assert.equal(await status(`${url}/healthz`), 200);
  assert.deepEqual(await (await fetch(`${url}/readyz`)).json(), {
    ready: false,
    reasons: ["no shard has started yet"],
    warnings: [],
    fullest: null,
  });
  assert.deepEqual(unit.snapshot.shards, []);
  const stopping = stop("asked to");
  assert.equal(stop("asked again"), stopping);
  await stopping;
  await assert.rejects(fetch(`${url}/healthz`));
});

Deno.test("openUnit() lets web pages in nowhere, and without a secret everybody on this machine", async () => {
  await using rig = await setUp();
  const { url, stop } = await rig.open();
  for (const path of ["/control/state", "/metrics"]) {
    assert.equal(await status(`${url}${path}`), 200, path);
    assert.equal(await status(`${url}${path}`, { origin: "https://evil.test" }), 401, path);
  }
  await stop("asked to");
});

Deno.test("openUnit() knows its own name in a Host, with and without a port, and no other", async () => {
  await using rig = await setUp();
  const { url, stop } = await rig.open();
  const { hostname, port } = new URL(url);
  const statusFor = async (host: string) => {
    const connection = await Deno.connect({ hostname, port: Number(port) });
    const head = `GET /control/state HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    await connection.write(new TextEncoder().encode(head));
    return (await new Response(connection.readable).text()).slice(0, 12);
  };
  for (const host of ["127.0.0.1", "LOCALHOST", `localhost.:${port}`, "[::1]"]) {
    assert.equal(await statusFor(host), "HTTP/1.1 200", host);
  }
  assert.equal(await statusFor(`evil.test:${port}`), "HTTP/1.1 401");
  await stop("asked to");
});

Deno.test("openUnit() lets the key of event links open links and nothing else", async () => {
  await using rig = await setUp();
  const { url, stop } = await rig.open({
    restAuthorization: "the secret",
    eventHandlerSecretKey: "the key",
  });
  const asked = async (path: string, authorization: string) =>
    await status(`${url}${path}`, { authorization });
  assert.equal(await asked("/control/state", "the secret"), 200);
  assert.equal(await asked("/control/state", "the key"), 401);
  assert.equal(await asked("/events", "the key"), 503, "let in, but there are no links yet");
  assert.equal(await asked("/events", "another key"), 401);
  assert.equal(await status(`${url}/control/state`), 401);
  await stop("asked to");
});

Deno.test("openUnit() has its state folder to itself until it stops", async () => {
  await using rig = await setUp();
  const first = await rig.open();
  await assert.rejects(rig.open(), { code: "state_locked" });
  await first.stop("asked to");
  const second = await rig.open();
  await second.stop("asked to");
});

Deno.test("openUnit() closes all of a unit that does not stop as it should, and says so once", async () => {
  await using rig = await setUp();
  const { unit, url, stop, drained } = await rig.open();
  unit.stop = () => Promise.reject(new Error("its disk is full"));
  unit.drain();
  await drained;
  await assert.rejects(stop("asked to"), /its disk is full/);
  assert.equal(rig.written.length, 1);
  assert.match(rig.written[0]!, /the unit did not stop as it should.*its disk is full/);
  await assert.rejects(fetch(`${url}/healthz`), "the port is open");
  const next = await rig.open();
  next.unit.stop = unit.stop;
  await assert.rejects(next.stop("asked to"));
  assert.equal(rig.written.length, 2, "it is told where nobody drains, too");
});

Deno.test("openUnit() lets its state folder go where the port cannot be opened", async () => {
  await using rig = await setUp();
  const other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response());
  await assert.rejects(rig.open({ listenPort: other.addr.port }), { code: "bad_config" });
  const { stop } = await rig.open();
  await stop("asked to");
  await other.shutdown();
});

Deno.test("openUnit() against the simulator leaves nothing in the state folder", async () => {
  await using rig = await setUp();
  const { stop } = await rig.open({ mode: "simulator" });
  await stop("asked to");
  assert.deepEqual([...Deno.readDirSync(rig.stateDir)], []);
});
