import assert from "node:assert/strict";
import { HttpError, type HttpSend } from "../../ports/http/client.ts";
import { exchange } from "../../rest/delivery.ts";
import { requestBody } from "../../rest/request_body.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";

function setUp(send: HttpSend) {
  const clock = createVirtualClock();
  const caller = new AbortController();
  const carry = (body?: BodyInit, headers: HeadersInit = {}) => {
    const request = new Request("http://x/api/y", {
      method: "POST",
      headers,
      ...(body !== undefined && { body }),
    });
    const outgoing = {
      method: "POST",
      path: "/api/y?z",
      headers: [["a", "b"]] as const,
      body: requestBody(request),
      signal: caller.signal,
    };
    return exchange({ clock, send, answerMs: 1000 }, outgoing);
  };
  return { clock, caller, carry };
}

/** A server that never answers, and hears of the end. */
const silent: HttpSend = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

Deno.test("an answer comes back as it is, unread", async () => {
  const answer = new Response("hello", { status: 201 });
  const { carry } = setUp(({ method, path, headers }) => {
    assert.deepEqual([method, path, [...headers]], ["POST", "/api/y?z", [["a", "b"]]]);
    return Promise.resolve(answer);
  });
  assert.deepEqual(await carry(), { kind: "answered", answer, text: undefined });
  assert.equal(answer.bodyUsed, false);
});

Deno.test("a refusal is read, and comes back whole all the same", async () => {
  for (const status of [401, 403, 404, 429]) {
    const { carry } = setUp(() =>
      Promise.resolve(new Response('{"code":0}', { status, headers: { "x-a": "1" } }))
    );
    const outcome = await carry();
    assert.ok(outcome.kind === "answered");
    assert.equal(outcome.text, '{"code":0}');
    assert.equal(outcome.answer.status, status);
    assert.equal(outcome.answer.headers.get("x-a"), "1");
    assert.equal(await outcome.answer.text(), '{"code":0}');
  }
});

Deno.test("of a refusal that never ends the beginning is read, and the caller gets it as it comes", async () => {
  let sent = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (sent > 10_000_000) return controller.error(new Error("ten megabytes were taken"));
      controller.enqueue(new Uint8Array(10_000));
      sent += 10_000;
    },
  });
  const { carry } = setUp(() => Promise.resolve(new Response(body, { status: 404 })));
  const outcome = await carry();
  assert.ok(outcome.kind === "answered", Deno.inspect(outcome));
  assert.ok(sent < 200_000, `${sent} bytes were taken`);
  const reader = outcome.answer.body!.getReader();
  let came = 0;
  while (came < 500_000) came += (await reader.read()).value!.length;
  await reader.cancel();
});

Deno.test("a short request waits for its answer until the deadline, one that streams for longer", async () => {
  const { clock, carry } = setUp(silent);
  let short: unknown;
  let long: unknown;
  carry().then((outcome) => short = outcome);
  const body = new ReadableStream({ pull() {} });
  carry(body as BodyInit, { "transfer-encoding": "chunked" }).then((outcome) => long = outcome);
  await clock.advance(1000);
  assert.deepEqual([short, long], [{ kind: "late" }, undefined]);
  await clock.advance(599_000);
  assert.deepEqual(long, { kind: "late" });
});

Deno.test("a caller that goes away ends the request", async () => {
  const { caller, carry } = setUp(silent);
  const outcome = carry();
  caller.abort();
  assert.deepEqual(await outcome, { kind: "abandoned" });
  assert.deepEqual(await carry(), { kind: "abandoned" }, "also before it has begun");
});

Deno.test("only a failure that says so did not reach Discord", async () => {
  const failures: [unknown, boolean][] = [
    [new HttpError("refused", false), false],
    [new HttpError("reset", true), true],
    [new TypeError("something else"), true],
  ];
  for (const [error, wasSent] of failures) {
    const { carry } = setUp(() => Promise.reject(error));
    const outcome = await carry();
    assert.deepEqual(outcome, { kind: "failed", reason: (error as Error).message, wasSent });
  }
});

Deno.test("a refusal whose body breaks off is a failure, not an answer", async () => {
  const broken = new ReadableStream({
    pull(controller) {
      controller.error(new HttpError("reset", true));
    },
  });
  const { carry } = setUp(() => Promise.resolve(new Response(broken, { status: 429 })));
  assert.deepEqual(await carry(), { kind: "failed", reason: "reset", wasSent: true });
});

Deno.test("a streamed body announces its length where the caller did", async () => {
  const lengths: unknown[] = [];
  const { carry } = setUp(({ bodyLength }) => {
    lengths.push(bodyLength);
    return Promise.resolve(new Response());
  });
  await carry(new Uint8Array(70_000), { "content-length": "70000" });
  await carry(new Uint8Array(70_000));
  assert.deepEqual(lengths, [70_000, undefined]);
});
