import assert from "node:assert/strict";
import fc from "fast-check";
import { ERROR_HEADER, type Problem, problemAnswer } from "../../rest/problem.ts";

async function answered(problem: Problem) {
  const answer = problemAnswer(problem);
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}

Deno.test("problemAnswer() has the shape of Discord's errors, and says that it is ours and why", async () => {
  const { status, headers, body } = await answered({ status: 502, reason: "no connection" });
  assert.equal(status, 502);
  assert.deepEqual(body, { message: "502: Bad Gateway", code: 0 });
  assert.equal(headers.get(ERROR_HEADER), "no connection");
  assert.match(headers.get("content-type")!, /^application\/json/);
  assert.equal(headers.get("retry-after"), null);
  assert.equal(headers.get("x-ratelimit-scope"), null);
});

Deno.test("problemAnswer() names every status that the proxy gives", async () => {
  for (const status of [401, 404, 408, 499, 502, 503, 504]) {
    const { body } = await answered({ status, reason: "why" });
    assert.match(body.message, new RegExp(`^${status}: [A-Z]`));
  }
});

Deno.test("problemAnswer() tells Discord's error again in Discord's words", async () => {
  const problem = { status: 404, message: "Unknown Webhook", code: 10015, reason: "said before" };
  const { body } = await answered(problem);
  assert.deepEqual(body, { message: "Unknown Webhook", code: 10015 });
});

Deno.test("problemAnswer() gives a 429 the scope that is not held against anybody", async () => {
  const { headers, body } = await answered({ status: 429, reason: "x", retryAfterMs: 1_336_570 });
  assert.equal(headers.get("x-ratelimit-scope"), "shared");
  assert.equal(headers.get("retry-after"), "1337");
  assert.deepEqual(body, {
    message: "You are being rate limited.",
    code: 0,
    retry_after: 1336.57,
    global: false,
  });
  assert.equal(headers.get("x-ratelimit-global"), null);
  assert.equal(headers.get("x-ratelimit-bucket"), null);
});

Deno.test("problemAnswer() never names a time that is too short", async () => {
  await fc.assert(fc.asyncProperty(fc.double({ min: 0, max: 1e7, noNaN: true }), async (ms) => {
    const { headers, body } = await answered({ status: 429, reason: "x", retryAfterMs: ms });
    const seconds = Number(headers.get("retry-after"));
    assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds * 1_000 >= ms, `${seconds} s`);
    assert.ok(body.retry_after * 1_000 >= ms - 1e-6, `${body.retry_after} s`);
  }));
});

Deno.test("problemAnswer() names a time in a 429's body, even where nobody knows one", async () => {
  assert.equal((await answered({ status: 429, reason: "x" })).body.retry_after, 1);
});

Deno.test("problemAnswer() says when to try again with any status, if it is known", async () => {
  const { headers, body } = await answered({ status: 404, reason: "x", retryAfterMs: 60_000 });
  assert.equal(headers.get("retry-after"), "60");
  assert.deepEqual(Object.keys(body), ["message", "code"]);
});

Deno.test("problemAnswer() gives any reason as a header, shortened and in visible ASCII", () => {
  const headerOf = (reason: string) =>
    problemAnswer({ status: 500, reason }).headers.get(ERROR_HEADER)!;
  assert.equal(headerOf("läßt\r\nx-evil: 1"), "l?t?x-evil: 1");
  assert.equal(headerOf("x".repeat(1_000)).length, 200);
  fc.assert(fc.property(fc.string({ unit: "binary" }), (reason) => {
    assert.match(headerOf(reason), /^[\x20-\x7e]{0,200}$/);
  }));
});

Deno.test("problemAnswer() has a message for a status without words: the reason", async () => {
  assert.equal((await answered({ status: 418, reason: "a teapot" })).body.message, "a teapot");
});
