/** A remote cluster, which a unit dials. */

import assert from "node:assert/strict";
import {
  type EventServer,
  serveEvents,
  type ServeEventsOptions,
} from "../../clusters/inside/serve_events.ts";
import { type BotContext, defineBot } from "../../mod.ts";
import { logTo } from "../../ports/log.ts";
import { encodeLinkMessage, EVENT_LINK_VERSION } from "../../protocol/event_frame.ts";
import { dialCluster } from "../support/dialling_unit.ts";
import { fakeUnit } from "../support/fake_unit.ts";

const HELLO = { op: "hello", v: EVENT_LINK_VERSION, windowBytes: 4 * 1024 * 1024 };

async function serve(options: Partial<ServeEventsOptions> = {}) {
  const lines: string[] = [];
  const order: string[] = [];
  const started = Promise.withResolvers<BotContext>();
  const bot = defineBot({
    events: {},
    start: started.resolve,
    shutdown: () => void order.push("shutdown"),
  });
  const warnings: string[] = [];
  const log = logTo((level, event, fields) => {
    lines.push(`${event} ${JSON.stringify(fields)}`);
    if (level !== "debug" && level !== "info") warnings.push(event);
  });
  const server: EventServer = await serveEvents(
    { port: 0, secretKey: "key", log, ...options },
    bot,
  );
  return { server, lines, warnings, order, context: await started.promise };
}

Deno.test("serveEvents() is cluster 0 with 4 MiB of credit, and says where it waits", async () => {
  const { server, lines } = await serve();
  const { next } = dialCluster(server.port, "key");
  assert.deepEqual(await next(), { ...HELLO, clusterId: 0, values: "clone", late: true });
  assert.equal(
    lines[0],
    `cluster waits for its unit {"hostname":"127.0.0.1","port":${server.port}}`,
  );
  await server.stop();
});

Deno.test("serveEvents() is the cluster, and gives the credit, that it is told to", async () => {
  const { server, context } = await serve({ clusterId: 2, windowBytes: 100_000 });
  const { next } = dialCluster(server.port, "key", 1);
  assert.deepEqual(await next(), { ...HELLO, clusterId: 2, windowBytes: 100_000 });
  assert.deepEqual(context.cluster, { id: 2 });
  await server.stop();
});

Deno.test("serveEvents() asks the REST of its unit, with the unit's secret", async () => {
  const unit = fakeUnit("");
  const { server, context } = await serve({ unitUrl: unit.url, restAuthorization: "the secret" });
  await context.rest.get("/users/@me");
  assert.deepEqual(unit.calls.map(({ path, authorization }) => [path, authorization]), [
    ["/users/@me", "Bot the secret"],
  ]);
  await server.stop();
  await unit.stop();
});

Deno.test("serveEvents() that stops calls shutdown() while the unit is still there, then says goodbye", async () => {
  const { server, order } = await serve();
  const { next } = dialCluster(server.port, "key");
  await next();
  const heard = next().then((word) => order.push(String(word)));
  await server.stop();
  await heard;
  assert.deepEqual(order, ["shutdown", "closed 4503"]);
});

Deno.test("serveEvents() warns of a unit that vanished, and not of one that went in good order", async () => {
  for (const [code, warnings] of [[4503, []], [4400, ["event link is down"]]] as const) {
    const served = await serve();
    const { socket, next } = dialCluster(served.server.port, "key");
    await next();
    socket.close(code, "");
    await next();
    await served.server.stop();
    assert.deepEqual(served.warnings, warnings, `${code}`);
    assert.match(served.lines.join("\n"), new RegExp(`event link is down.*closed with ${code}`));
  }
});

Deno.test("serveEvents() does not warn of a worker that has said goodbye and is cut off", async () => {
  const served = await serve();
  const { socket, next } = dialCluster(served.server.port, "key");
  await next();
  socket.send(encodeLinkMessage({ op: "bye", reason: "the worker stops" }));
  socket.close(4000, "");
  await next();
  await served.server.stop();
  assert.deepEqual(served.warnings, []);
});

Deno.test("serveEvents() that cannot listen says why, and the bot that has started is shut down", async () => {
  const { server } = await serve();
  const order: string[] = [];
  const bot = defineBot({
    events: {},
    start: () => void order.push("start"),
    shutdown: () => void order.push("shutdown"),
  });
  const options = { port: server.port, secretKey: "key", log: logTo(() => {}) };
  await assert.rejects(serveEvents(options, bot), { name: "AddrInUse" });
  assert.deepEqual(order, ["start", "shutdown"]);
  await server.stop();
});

for (
  const [option, told] of [
    [{ port: -1 }, /port: expected a port from 0 to 65535, received -1/],
    [{ port: "8788" }, /port: .* received "8788"/],
    [{ clusterId: 1.5 }, /clusterId: expected a whole number from 0 to 9999, received 1\.5/],
    [
      { windowBytes: 0 },
      /windowBytes: expected a number of bytes from 1 to 1073741824, received 0/,
    ],
    [{ handlerDeadlineMs: 2 ** 31 }, /handlerDeadlineMs: expected milliseconds from 1 to 86400000/],
    [{ handlerDeadlineMs: NaN }, /handlerDeadlineMs: .* received NaN/],
    [{ secretKey: undefined }, /secretKey: expected a secret, one word, received nothing/],
    [{ secretKey: "" }, /secretKey: expected a secret, one word, received nothing/],
    [{ secretKey: "zwei Wörter" }, /secretKey: .* received a text of 11 characters, 2 words/],
    [{ unitUrl: "127.0.0.1" }, /unitUrl: expected an http or https URL without a query/],
  ] as const
) {
  Deno.test(`serveEvents() refuses ${JSON.stringify(option)} in the option's own name, and starts no bot`, async () => {
    let isStarted = false;
    const bot = defineBot({ events: {}, start: () => void (isStarted = true) });
    const options = { port: 0, secretKey: "key", ...option } as unknown as ServeEventsOptions;
    await assert.rejects(serveEvents(options, bot), { code: "bad_config", message: told });
    assert.equal(isStarted, false);
  });
}

Deno.test("a remote cluster that is stopped twice shuts its bot down once", async () => {
  const { server, order } = await serve();
  await Promise.all([server.stop(), server.stop()]);
  assert.deepEqual(order, ["shutdown"]);
});
