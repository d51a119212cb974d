import assert from "node:assert/strict";
import { TAKE_DEADLINE_MS } from "../../../ports/http_server/answer.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { ask, dial, openHttpPort, rest } from "../../support/http_port.ts";
import { until } from "../../support/unit_process.ts";

Deno.test("answer() sends an answer as it is: status, repeated headers, no body where there is none", async () => {
  await using port = await openHttpPort(() => {
    const headers = new Headers([["set-cookie", "a=1"], ["set-cookie", "b=2"]]);
    return new Response(null, { status: 204, headers });
  });
  const answer = await ask(port.port, "GET / HTTP/1.1\r\nHost: x");
  assert.match(answer, /^HTTP\/1\.1 204 No Content\r\n/);
  assert.match(answer, /set-cookie: a=1\r\nset-cookie: b=2\r\n/i);
  assert.match(answer, /\r\n\r\n$/);
});

Deno.test("answer() answers HEAD with the head only, and tells the length of a short answer", async () => {
  await using port = await openHttpPort(() => new Response("hello"));
  assert.match(
    await ask(port.port, "HEAD / HTTP/1.1\r\nHost: x"),
    /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n$/s,
  );
  assert.match(
    await ask(port.port, "GET / HTTP/1.1\r\nHost: x"),
    /content-length: 5\r\n.*hello$/is,
  );
});

Deno.test("answer() streams an answer as it comes, and breaks off with it", async () => {
  const { promise, resolve } = Promise.withResolvers<ReadableStreamDefaultController>();
  await using port = await openHttpPort(() =>
    new Response(new ReadableStream({ start: (controller) => resolve(controller) }))
  );
  const conn = await dial(port.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const controller = await promise;
  controller.enqueue(new TextEncoder().encode("first"));
  const buffer = new Uint8Array(1024);
  const count = await conn.read(buffer);
  assert.match(new TextDecoder().decode(buffer.subarray(0, count!)), /first/);
  controller.error(new Error("upstream broke"));
  // No last chunk: what came must not pass for all of it.
  assert.equal(await rest(conn), "");
});

Deno.test("answer() cuts off who does not take its answer, and lets its memory go", async () => {
  const clock = createVirtualClock();
  let pulled = 0;
  let isCancelled = false;
  const endless = () =>
    new ReadableStream({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(64 * 1024));
      },
      cancel: () => void (isCancelled = true),
    });
  await using port = await openHttpPort(() => new Response(endless()), { clock });
  const conn = await dial(port.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  let before = -1;
  await until(() => {
    const stands = pulled === before && pulled > 0;
    before = pulled;
    return stands;
  }, 10_000);
  assert.ok(pulled < 500, `${pulled * 64} KiB were taken from the source`);
  await clock.advance(TAKE_DEADLINE_MS);
  await until(() => isCancelled && port.seats.size === 0, 5_000);
  conn.close();
});
