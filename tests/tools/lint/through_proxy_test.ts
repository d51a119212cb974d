import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import plugin from "../../../tools/lint/through_proxy.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

const messages = (source: string, file = "unit/a.ts") =>
  Deno.lint.runPlugin(plugin, ROOT + file, source).map((found) => found.message);

for (
  const source of [
    "fetch(url);",
    "globalThis.fetch(url);",
    "const send = fetch;",
    "run({ fetch });",
    "run({ send: fetch });",
    'import { undiciClient } from "../ports/http/undici.ts";',
  ]
) {
  Deno.test(`through-proxy forbids ${source}`, () => {
    assert.equal(messages(source).length, 1, messages(source).join());
    assert.match(messages(source)[0]!, /goes round the REST proxy/);
  });
}

for (
  const source of [
    "app.fetch(request);",
    "const table = { fetch: (asked) => find(asked) };",
    "interface T { fetch(url: string): void }",
    "class T { fetch() {} }",
    'import type { HttpSend } from "../ports/http/client.ts";',
  ]
) {
  Deno.test(`through-proxy allows ${source}`, () => assert.deepEqual(messages(source), []));
}

Deno.test("through-proxy leaves alone who speaks to the unit, and where the proxy gets its client", () => {
  for (
    const file of [
      "bot/rest.ts",
      "clusters/inside/run.ts",
      "sim/run.ts",
      "app/cli/world.ts",
      "tests/a_test.ts",
      "dashboard/page/live.js",
    ]
  ) {
    assert.deepEqual(messages("fetch(url);", file), [], file);
  }
  const client = 'import { undiciClient } from "../ports/http/undici.ts";';
  assert.deepEqual(messages(client, "app/open_rest.ts"), []);
});
