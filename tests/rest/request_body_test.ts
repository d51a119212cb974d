import assert from "node:assert/strict";
import { systemClock } from "../../ports/clock.ts";
import { BUFFERED_BYTES, requestBody } from "../../rest/request_body.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";

/** A request whose body comes when the test says so. */
function posted(headers: Record<string, string> = {}) {
  let controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  let pulled = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(it) {
      controller = it;
    },
    pull() {
      pulled++;
    },
  }, { highWaterMark: 0 });
  const request = new Request("http://x/api", { method: "POST", headers, body });
  return { request, controller, pulls: () => pulled };
}

const bytes = (text: string) => new TextEncoder().encode(text);

/** Lets promises that are settled be heard. */
const settled = () => new Promise<void>((resolve) => systemClock.soon(resolve));

Deno.test("a request without a body has nothing to read, as often as it is asked", async () => {
  const body = requestBody(new Request("http://x/api"));
  assert.deepEqual([body.isReplayable, body.length, body.bytes], [true, 0, null]);
  assert.deepEqual([await body.read(), await body.read()], [null, null]);
});

Deno.test("a short body is read at once, can be looked at, and is sent as often as it is asked", async () => {
  const { request, controller } = posted({ "content-length": "4" });
  const body = requestBody(request);
  assert.deepEqual([body.isReplayable, body.length, body.bytes], [true, 4, null]);
  controller.enqueue(bytes("ab"));
  await settled();
  assert.equal(body.bytes, null, "half of it is not looked at");
  controller.enqueue(bytes("cd"));
  controller.close();
  assert.deepEqual(await body.read(), bytes("abcd"));
  assert.deepEqual(body.bytes, bytes("abcd"));
  assert.equal(await body.read(), await body.read());
});

Deno.test("a short body is read without anybody asking for it", async () => {
  const { request, controller } = posted({ "content-length": "2" });
  const body = requestBody(request);
  controller.enqueue(bytes("ab"));
  controller.close();
  for (let i = 0; i < 10 && body.bytes === null; i++) await settled();
  assert.deepEqual(body.bytes, bytes("ab"));
});

Deno.test("a short body whose caller goes away fails for who waits for it, and for nobody else", async () => {
  const { request, controller } = posted({ "content-length": "4" });
  const body = requestBody(request);
  controller.error(new Error("gone"));
  // An unhandled rejection would end the test run here.
  for (let i = 0; i < 3; i++) await settled();
  await assert.rejects(body.read(), /gone/);
  assert.equal(body.bytes, null);
});

Deno.test("a short body arrives when all of it is here, and no timer is left", async () => {
  const clock = createVirtualClock();
  const timers = new Set<number>();
  let started = 0;
  const counting = {
    ...clock,
    after(delayMs: number, task: () => void) {
      const timer = started++;
      timers.add(timer);
      const cancel = clock.after(delayMs, task);
      return () => {
        timers.delete(timer);
        cancel();
      };
    },
  };
  const { request, controller } = posted({ "content-length": "2" });
  const body = requestBody(request);
  const arrived = body.arrives(counting, 1_000);
  await clock.advance(999);
  controller.enqueue(bytes("ab"));
  controller.close();
  assert.equal(await arrived, "here");
  assert.deepEqual([started, timers.size], [1, 0]);
  assert.equal(await body.arrives(counting, 0), "here", "it is still here");
});

Deno.test("a short body that does not come in time is late, and may come all the same", async () => {
  const clock = createVirtualClock();
  const { request, controller } = posted({ "content-length": "2" });
  const body = requestBody(request);
  const late = body.arrives(clock, 1_000);
  await clock.advance(1_000);
  assert.equal(await late, "late");
  controller.enqueue(bytes("ab"));
  controller.close();
  assert.equal(await body.arrives(clock, 1_000), "here");
});

Deno.test("a short body whose caller goes away is gone, and does not throw", async () => {
  const { request, controller } = posted({ "content-length": "2" });
  const body = requestBody(request);
  controller.error(new Error("gone"));
  assert.equal(await body.arrives(createVirtualClock(), 1_000), "gone");
});

Deno.test("a request that announces no body has none, though the server hands over a stream", async () => {
  const { request, controller } = posted();
  const body = requestBody(request);
  // Deno's does so before it ends.
  controller.enqueue(bytes(""));
  controller.close();
  assert.equal(await body.arrives(createVirtualClock(), 1_000), "here");
  assert.deepEqual([body.isReplayable, body.length, body.bytes], [true, 0, null]);
  assert.deepEqual([await body.read(), await body.read()], [null, null]);
});

Deno.test("a body that nobody announced, as HTTP/2 allows, goes through whole, once", async () => {
  const { request, controller } = posted();
  const body = requestBody(request);
  const arrived = body.arrives(createVirtualClock(), 1_000);
  controller.enqueue(bytes("ab"));
  assert.equal(await arrived, "here");
  assert.deepEqual([body.isReplayable, body.length, body.bytes], [false, null, null]);
  const stream = await body.read();
  controller.enqueue(bytes("cd"));
  controller.close();
  assert.equal(await new Response(stream).text(), "abcd");
});

Deno.test("a body that nobody announced and nobody needs is cancelled", async () => {
  let reason: unknown;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(bytes("ab")),
    cancel: (why) => void (reason = why),
  });
  const body = requestBody(new Request("http://x/api", { method: "POST", body: stream }));
  const rest = await body.read();
  assert.ok(rest instanceof ReadableStream);
  await rest.cancel("over");
  assert.equal(reason, "over");
});

Deno.test("a request that announces no body is late or gone like one with a short body", async () => {
  const clock = createVirtualClock();
  const silent = requestBody(posted().request).arrives(clock, 1_000);
  await clock.advance(1_000);
  assert.equal(await silent, "late");
  const { request, controller } = posted();
  controller.error(new Error("gone"));
  assert.equal(await requestBody(request).arrives(clock, 1_000), "gone");
});

Deno.test("a body that is not read, and one that is none, are waited for by nobody", async () => {
  const clock = createVirtualClock();
  const { request } = posted({ "transfer-encoding": "chunked" });
  for (const each of [request, new Request("http://x/api")]) {
    assert.equal(await requestBody(each).arrives(clock, 1_000), "here");
  }
});

for (
  const [what, headers, length] of [
    ["a long body", { "content-length": String(BUFFERED_BYTES) }, BUFFERED_BYTES],
    ["a body of 25 MiB", { "content-length": "26214400" }, 26_214_400],
    ["a body of unknown length", { "transfer-encoding": "chunked" }, null],
    ["a body whose length is no number", { "content-length": "many" }, null],
  ] as const
) {
  Deno.test(`${what} goes through as it comes, once, unread`, async () => {
    const { request, controller, pulls } = posted(headers);
    const body = requestBody(request);
    assert.deepEqual([body.isReplayable, body.length, body.bytes], [false, length, null]);
    await settled();
    assert.equal(pulls(), 0, "nobody has read of it");
    const stream = await body.read();
    assert.ok(stream instanceof ReadableStream);
    controller.enqueue(bytes("first"));
    const reader = stream.getReader();
    assert.deepEqual((await reader.read()).value, bytes("first"), "before the rest has come");
    assert.equal(body.bytes, null);
    await reader.cancel();
  });
}

Deno.test("a body just below the bound is short", () => {
  const { request, controller } = posted({ "content-length": String(BUFFERED_BYTES - 1) });
  assert.equal(requestBody(request).isReplayable, true);
  controller.close();
});
