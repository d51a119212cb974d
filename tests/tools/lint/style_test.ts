import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import plugin from "../../../tools/lint/style.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

const messages = (source: string, file = "gateway/a.ts") =>
  Deno.lint.runPlugin(plugin, ROOT + file, source).map((found) => found.message);

Deno.test("style forbids default exports, except of bots and lint plugins", () => {
  assert.deepEqual(messages("export default 1;"), ["A default export"]);
  assert.deepEqual(messages("export default function f() {}", "app/a.ts"), ["A default export"]);
  for (const file of ["examples/bot.ts", "tools/lint/a.ts", "tests/fixtures/bot.ts"]) {
    assert.deepEqual(messages("export default 1;", file), [], file);
  }
});

Deno.test("style forbids private and protected in favour of #name", () => {
  assert.deepEqual(messages("class A { private a = 1; }"), ["A private member"]);
  assert.deepEqual(messages("class A { protected a() {} }"), ["A protected member"]);
  assert.deepEqual(messages("class A { constructor(private a: 1) {} }"), ["A private member"]);
  assert.deepEqual(
    messages("class A { #a = 1; readonly b = 2; constructor(readonly c: 1) {} }"),
    [],
  );
});

Deno.test("style forbids enums in favour of unions", () => {
  assert.deepEqual(messages('enum A { B = "b" }'), ["An enum"]);
  assert.deepEqual(messages('type A = "a" | "b";'), []);
});
