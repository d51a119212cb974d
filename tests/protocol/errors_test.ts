import assert from "node:assert/strict";
import { GatehouseError, messageOf } from "../../protocol/errors.ts";

Deno.test("GatehouseError carries code, blame, facts and cause", () => {
  const cause = new Error("below");
  const error = new GatehouseError("no_shard", "caller", "Cannot send", { shardId: 9 }, { cause });
  assert(error instanceof Error);
  assert.equal(error.name, "GatehouseError");
  assert.equal(error.code, "no_shard");
  assert.equal(error.blame, "caller");
  assert.deepEqual(error.data, { shardId: 9 });
  assert.equal(error.cause, cause);
});

Deno.test("GatehouseError has no facts unless it is given some", () => {
  assert.deepEqual(new GatehouseError("deadline", "host", "Cannot wait").data, {});
});

Deno.test("messageOf() reads an error and anything else that was thrown", () => {
  assert.equal(messageOf(new TypeError("bad")), "bad");
  assert.equal(messageOf("text"), "text");
  assert.equal(messageOf(undefined), "undefined");
});

const because = (message: string, cause: unknown) => new Error(message, { cause });

Deno.test("messageOf() tells the whole chain of causes", () => {
  const reason = because("fetch failed", because("error sending request", new Error("refused")));
  assert.equal(messageOf(reason), "fetch failed: error sending request: refused");
  assert.equal(messageOf(because("Cannot start", "no disk")), "Cannot start: no disk");
  assert.equal(messageOf(because("Cannot start", { message: "no disk" })), "Cannot start: no disk");
  assert.equal(messageOf(because("Cannot start", undefined)), "Cannot start");
});

Deno.test("messageOf() does not say again what was said", () => {
  const cause = because("no disk", new Error("E5"));
  assert.equal(
    messageOf(because(`Cannot start: ${messageOf(cause)}`, cause)),
    "Cannot start: no disk: E5",
  );
  assert.equal(messageOf(because("Cannot start: no disk", cause)), "Cannot start: no disk: E5");
  assert.equal(messageOf(because("", cause)), "no disk: E5");
});

Deno.test("messageOf() tells what an AggregateError is made of, and of an error without words its name", () => {
  const refused = ["::1", "127.0.0.1"].map((host) => new Error(`refused by ${host}`));
  assert.equal(messageOf(new AggregateError(refused)), "refused by ::1; refused by 127.0.0.1");
  assert.equal(
    messageOf(new AggregateError(refused, "no host")),
    "no host: refused by ::1; refused by 127.0.0.1",
  );
  assert.equal(messageOf(Object.assign(new Error(), { code: "ECONNREFUSED" })), "ECONNREFUSED");
  assert.equal(messageOf(new TypeError()), "TypeError");
});

Deno.test("messageOf() ends with a chain that goes in a circle, or on for ever", () => {
  const first: Error = new Error("a");
  first.cause = because("b", first);
  assert.equal(messageOf(first), "a: b");
  let deep: unknown = "bottom";
  for (let i = 0; i < 1_000; i++) deep = because(`level ${i} of many`, deep);
  assert.ok(messageOf(deep).length < 500);
});

Deno.test("messageOf() takes whatever can be thrown", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const thrown = [null, Object.create(null), proxy, Symbol("s"), {
    toString: () => {
      throw 1;
    },
  }];
  for (const it of thrown) assert.equal(typeof messageOf(it), "string");
  const evil = new Error("said");
  Object.defineProperty(evil, "cause", {
    get() {
      throw new Error("no");
    },
  });
  assert.equal(messageOf(evil), "said");
});
