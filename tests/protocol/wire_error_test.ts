import assert from "node:assert/strict";
import fc from "fast-check";
import { GatehouseError } from "../../protocol/errors.ts";
import { decodeValue, encodeValue } from "../../protocol/value.ts";
import { decodeError, encodeError, type WireError } from "../../protocol/wire_error.ts";

function overTheWire(thrown: unknown): Error & Record<string, unknown> {
  return decodeError(JSON.parse(JSON.stringify(encodeError(thrown)))) as ReturnType<
    typeof overTheWire
  >;
}

function asValue<T>(value: T): T {
  return decodeValue(JSON.parse(JSON.stringify(encodeValue(value)))) as T;
}

Deno.test("decodeError() gives an error of the built-in class, with message and stack", () => {
  const classes = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];
  for (const Class of classes) {
    const error = new Class("what happened");
    const copy = overTheWire(error);
    assert.equal(Object.getPrototypeOf(copy), Class.prototype);
    assert.deepEqual([copy.message, copy.stack], ["what happened", error.stack]);
    assert.deepEqual(Object.keys(copy), []);
  }
});

Deno.test("decodeError() gives an Error that has the name of a class it does not know", () => {
  const error = new GatehouseError("no_shard", "caller", "Cannot find shard 9", { shardId: 9 });
  const copy = overTheWire(error);
  assert.equal(Object.getPrototypeOf(copy), Error.prototype);
  assert.equal(String(copy), "GatehouseError: Cannot find shard 9");
  assert.deepEqual({ ...copy }, { code: "no_shard", blame: "caller", data: { shardId: 9 } });
});

Deno.test("decodeError() keeps causes, of any depth and in cycles", () => {
  const root = Object.assign(new RangeError("root"), { code: 7 });
  const cause = overTheWire(new Error("a", { cause: new TypeError("b", { cause: root }) })).cause;
  assert.ok(cause instanceof TypeError && cause.cause instanceof RangeError);
  assert.equal(Reflect.get(cause.cause, "code"), 7);

  const cyclic = new Error("cyclic");
  cyclic.cause = cyclic;
  const inner = overTheWire(cyclic).cause as Error;
  assert.equal(inner.cause, inner);

  assert.ok(Object.hasOwn(overTheWire(new Error("x", { cause: undefined })), "cause"));
  assert.ok(!Object.hasOwn(overTheWire(new Error("x")), "cause"));
});

Deno.test("encodeError() keeps of a cause that cannot be sent what it can", () => {
  const unsendable = new RangeError("inner", { cause: () => {} });
  const cause = overTheWire(new Error("x", { cause: unsendable })).cause;
  assert.ok(cause instanceof RangeError && !Object.hasOwn(cause, "cause"));
  assert.deepEqual([cause.message, cause.stack], ["inner", unsendable.stack]);
  assert.equal(overTheWire(new Error("x", { cause: () => {} })).cause, "a function");

  let deep: Error | undefined;
  for (let level = 0; level < 20_000; level++) deep = new Error(`${level}`, { cause: deep });
  assert.equal((overTheWire(deep).cause as Error).message, "19998");
});

Deno.test("encodeError() leaves out the properties that cannot be sent", () => {
  const error = Object.assign(new Error("x"), {
    code: 1,
    when: new Date(0),
    request: { end() {} },
    retry: undefined,
    get lazy() {
      return "read";
    },
  });
  const copy = overTheWire(error);
  assert.deepEqual({ ...copy }, { code: 1, when: new Date(0), retry: undefined, lazy: "read" });
});

Deno.test("decodeError() keeps the errors of an AggregateError", () => {
  const copy = overTheWire(new AggregateError([new TypeError("a"), "b"], "both"));
  assert.ok(copy instanceof AggregateError && copy.errors[0] instanceof TypeError);
  assert.deepEqual([copy.errors[1], Object.keys(copy)], ["b", []]);
});

Deno.test("encodeError() makes an error of whatever was thrown", () => {
  const revoked = Proxy.revocable(new Error("x"), {});
  revoked.revoke();
  const cases: [unknown, string, unknown][] = [
    ["text", "text", "text"],
    [5, "5", 5],
    [undefined, "undefined", undefined],
    [null, "null", null],
    [12n, "12", 12n],
    [Symbol("s"), "Symbol(s)", "Symbol(s)"],
    [() => {}, "a function", "a function"],
    [{ message: "like an error", code: 1 }, "like an error", { message: "like an error", code: 1 }],
    [new Map([[1, 2]]), "a Map", new Map([[1, 2]])],
    [Object.create(null), "an Object", {}],
    [revoked.proxy, "an object", "an object"],
  ];
  for (const [thrown, message, cause] of cases) {
    const copy = overTheWire(thrown);
    assert.equal(Object.getPrototypeOf(copy), Error.prototype);
    assert.deepEqual([copy.message, copy.cause], [message, cause]);
  }
});

Deno.test("encodeError() never throws, and what it gives can be decoded", () => {
  const anything = fc.anything({ withBigInt: true, withMap: true, withNullPrototype: true });
  const thrown = fc.oneof(
    anything,
    fc.tuple(fc.string(), anything, fc.dictionary(fc.string(), anything))
      .map(([message, cause, more]) => Object.assign(new Error(message, { cause }), more)),
  );
  fc.assert(fc.property(thrown, (thrown) => {
    assert.ok(overTheWire(thrown) instanceof Error);
  }));
});

Deno.test("encodeError() reads errors whose fields are not what they should be", () => {
  const error = new Error("x");
  Object.defineProperties(error, {
    name: { value: 5 },
    message: { value: { a: 1 } },
    stack: {
      get() {
        throw new Error("nobody may");
      },
    },
  });
  assert.deepEqual(encodeError(error), { name: "5", message: "an Object" });
});

Deno.test("decodeError() of an error without a stack does not show that of the reader", () => {
  const { stack } = decodeError({ name: "HttpError", message: "404" });
  assert.equal(stack, "HttpError: 404");
});

Deno.test("decodeError() refuses what nobody can have encoded", () => {
  const wires: unknown[] = [
    null,
    undefined,
    1,
    {},
    { name: "Error" },
    { name: 1, message: "x" },
    { name: "Error", message: null },
    { name: "Error", message: "x", stack: 5 },
    { name: "Error", message: "x", cause: null },
    { name: "Error", message: "x", cause: { clone: [[5]] } },
    { name: "Error", message: "x", properties: null },
    { name: "Error", message: "x", properties: { code: 5 } },
  ];
  for (const wire of wires) {
    assert.throws(
      () => decodeError(wire as WireError),
      (error) =>
        error instanceof GatehouseError && error.code === "bad_message" && error.blame === "peer",
      JSON.stringify(wire),
    );
  }
});

Deno.test("decodeError() pollutes nothing and lets no property replace name or message", () => {
  const text = `{"name":"constructor","message":"x","properties":{"__proto__":{"json":{"a":1}},
    "message":{"json":{}},"name":{"json":1},"stack":{"json":2},"cause":{"json":"why"}}}`;
  const error = decodeError(JSON.parse(text));
  assert.equal(Object.getPrototypeOf(error), Error.prototype);
  assert.deepEqual([error.name, error.message, error.cause], ["constructor", "x", "why"]);
  assert.deepEqual([Object.keys(error), Reflect.get({}, "a")], [["__proto__"], undefined]);
});

Deno.test("decodeValue() gives an error its name and those of its properties that are JSON", () => {
  const error = Object.assign(new Error("no", { cause: new TypeError("why") }), {
    name: "HttpError",
    code: 50_001,
    body: { a: [1] },
    request: { socket() {} },
    when: new Date(0),
  });
  const copy = asValue({ error }).error;
  assert.ok(copy instanceof Error && copy.cause instanceof TypeError);
  assert.deepEqual([copy.name, copy.message, copy.stack], ["HttpError", "no", error.stack]);
  assert.deepEqual({ ...copy }, { code: 50_001, body: { a: [1] } });
});

Deno.test("decodeValue() keeps the errors of an AggregateError, and a DOMException", () => {
  const all = asValue(new AggregateError([new RangeError("a"), 2], "all"));
  assert.ok(all instanceof AggregateError && all.errors[0] instanceof RangeError);
  assert.deepEqual([all.message, all.errors[1], Object.keys(all)], ["all", 2, []]);
  const aborted = asValue(new DOMException("stop", "AbortError"));
  assert.ok(aborted instanceof DOMException);
  assert.deepEqual([aborted.name, aborted.message, aborted.code], ["AbortError", "stop", 20]);
});
