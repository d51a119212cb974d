import assert from "node:assert/strict";
import { isError, newError, readError, setOnError, textOf } from "../../protocol/error_parts.ts";

Deno.test("readError(), setOnError() and newError() take an error apart and make it again", () => {
  const error = Object.assign(new TypeError("no", { cause: 1 }), { code: 2 });
  const { name, message, stack, properties } = readError(error);
  const again = newError(name, message, stack);
  for (const [key, value] of properties) setOnError(again, key, value);
  assert.deepEqual(again, error);
  assert.deepEqual(properties, [["code", 2], ["cause", 1]]);
});

Deno.test("readError() leaves out what a getter refuses", () => {
  const error = new Error("no");
  Object.defineProperty(error, "stack", {
    get() {
      throw new Error("nobody may");
    },
  });
  assert.deepEqual(readError(error), { name: "Error", message: "no", properties: [] });
});

Deno.test("isError() and textOf() take whatever was thrown, a revoked proxy too", () => {
  const { proxy, revoke } = Proxy.revocable(new Error("x"), {});
  revoke();
  const cases: [unknown, boolean, string][] = [
    [new TypeError("no"), true, "no"],
    [{ message: "like an error" }, false, "like an error"],
    [new Map(), false, "a Map"],
    [undefined, false, "undefined"],
    [() => {}, false, "a function"],
    [proxy, false, "an object"],
  ];
  for (const [thrown, is, text] of cases) {
    assert.deepEqual([isError(thrown), textOf(thrown)], [is, text]);
  }
});
