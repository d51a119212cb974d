import assert from "node:assert/strict";
import { HEAD_DEADLINE_MS } from "../../../ports/http_server/server.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { ask, dial, openHttpPort, rest } from "../../support/http_port.ts";
import { until } from "../../support/unit_process.ts";

Deno.test("serveHttp() tells a handler that its caller has gone", async () => {
  const aborted = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  await using port = await openHttpPort((request) => {
    request.signal.addEventListener("abort", () => aborted.resolve());
    begun.resolve();
    return new Promise(() => {});
  });
  const conn = await dial(port.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await begun.promise;
  conn.close();
  await aborted.promise;
});

Deno.test("serveHttp() ends a connection that has sent no whole head in time", async () => {
  const clock = createVirtualClock();
  await using port = await openHttpPort(() => new Response("ok"), { clock });
  const conns = [await dial(port.port), await dial(port.port, "GET / HTTP/1.1\r\nHo")];
  await until(() => port.seats.size === 2, 5_000);
  await clock.advance(HEAD_DEADLINE_MS);
  assert.deepEqual(await Promise.all(conns.map(rest)), ["", ""]);
  await until(() => port.seats.size === 0, 5_000);
});

Deno.test("serveHttp() ends who waits, not who is busy, when somebody comes and there is no room", async () => {
  const answer = Promise.withResolvers<Response>();
  await using port = await openHttpPort(
    ({ url }) => url.endsWith("/slow") ? answer.promise : new Response("ok"),
    { most: 3 },
  );
  const slow = await dial(port.port, "GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const silent: Deno.TcpConn[] = [];
  for (let i = 0; i < 20; i++) silent.push(await dial(port.port, "GET / HTTP/1.1\r\nHo"));
  await until(() => port.seats.cut >= 18, 5_000);
  assert.match(await ask(port.port, "GET / HTTP/1.1\r\nHost: x"), /^HTTP\/1\.1 200 /);
  answer.resolve(new Response("at last"));
  assert.match(await rest(slow), /at last$/);
  for (const conn of silent) conn.close();
});

Deno.test("serveHttp() takes a connection that has its answer for one that waits", async () => {
  const answer = Promise.withResolvers<Response>();
  await using port = await openHttpPort(
    ({ url }) => url.endsWith("/slow") ? answer.promise : new Response("ok"),
    { most: 2 },
  );
  const answered = await dial(port.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await answered.read(new Uint8Array(1024));
  const busy = await dial(port.port, "GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  await until(() => port.seats.size === 2, 5_000);
  assert.match(await ask(port.port, "GET / HTTP/1.1\r\nHost: x"), /^HTTP\/1\.1 200 /);
  assert.equal(await rest(answered), "");
  answer.resolve(new Response("at last"));
  assert.match(await rest(busy), /at last$/);
});

Deno.test("serveHttp() reads no endless body of somebody who has been answered", async () => {
  await using port = await openHttpPort(() => new Response("no", { status: 401 }));
  const conn = await dial(
    port.port,
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  const reading = rest(conn);
  const part = new TextEncoder().encode(`10000\r\n${"x".repeat(0x10000)}\r\n`);
  const from = performance.now();
  await assert.rejects(async () => {
    for (;;) await conn.write(part);
  });
  assert.ok(performance.now() - from < 5_000);
  assert.match(await reading, /^HTTP\/1\.1 401 /);
});

Deno.test("serveHttp() answers with 500 where a handler throws, and tells why", async () => {
  await using port = await openHttpPort(() => {
    throw new Error("out of ideas");
  });
  assert.match(await ask(port.port, "GET / HTTP/1.1\r\nHost: x"), /^HTTP\/1\.1 500 /);
  assert.deepEqual(port.lines, [["error", "request failed", { error: "out of ideas" }]]);
});

Deno.test("serveHttp() lets what is under way end when it stops, and waits for nobody who is silent", async () => {
  const answer = Promise.withResolvers<Response>();
  const begun = Promise.withResolvers<void>();
  const port = await openHttpPort(() => {
    begun.resolve();
    return answer.promise;
  });
  const silent = await dial(port.port);
  const busy = await dial(port.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await begun.promise;
  const stopped = port[Symbol.asyncDispose]();
  answer.resolve(new Response("done"));
  assert.match(await rest(busy), /done$/);
  await stopped;
  assert.equal(await rest(silent), "");
});

Deno.test("serveHttp() that leaves takes nobody any more, and goes on with who is there", async () => {
  const answered = Promise.withResolvers<Response>();
  const port = await openHttpPort(() => answered.promise);
  const there = fetch(port.url);
  await until(() => port.seats.size === 1, 5_000);
  port.leave();
  port.leave();
  await assert.rejects(fetch(port.url));
  answered.resolve(new Response("still"));
  assert.equal(await (await there).text(), "still");
  await port[Symbol.asyncDispose]();
  assert.equal(port.seats.size, 0);
});

Deno.test("serveHttp() rejects where the program may not listen, and ends it not", async () => {
  const lacks = { name: "NotCapable", message: "this program lacks --allow-net=192.0.2.1:0" };
  await assert.rejects(openHttpPort(() => new Response("ok"), { hostname: "192.0.2.1" }), lacks);
});

Deno.test("serveHttp() listens on a name of this machine", async () => {
  await using port = await openHttpPort(() => new Response("ok"), { hostname: "localhost" });
  assert.equal(await (await fetch(`http://localhost:${port.port}/`)).text(), "ok");
});
