import assert from "node:assert/strict";
import { inOneLine, loadModule } from "../../ports/user_module.ts";

const load = (source: string) => () =>
  import(`data:application/javascript,${encodeURIComponent(source)}`);

/** What is told when loading throws `error`, whose stack has these lines. */
async function told(error: Error, ...stack: string[]): Promise<string> {
  error.stack = [`${error.name}: ${error.message}`, ...stack.map((line) => `    at ${line}`)].join(
    "\n",
  );
  const refused = loadModule("./bot.ts", () => Promise.reject(error));
  return await refused.then(() => "", ({ code, message }) => `${code} ${message}`);
}

Deno.test("loadModule() gives the module", async () => {
  const module = await loadModule("./bot.ts", load("export default 5"));
  assert.equal((module as { default: unknown }).default, 5);
});

Deno.test("loadModule() tells what was thrown with its causes, and where", async () => {
  const error = new Error("no database", { cause: new Error("refused") });
  assert.equal(
    await told(error, "connect (file:///srv/db.ts:3:7)", "file:///srv/bot.ts:1:1"),
    "bad_config Cannot load ./bot.ts: no database: refused at file:///srv/db.ts:3:7",
  );
  assert.equal(
    await told(new Error("odd"), "read (ext:deno_fs/30_fs.js:7:1)", "file:///srv/bot.ts:1:9"),
    "bad_config Cannot load ./bot.ts: odd at file:///srv/bot.ts:1:9",
  );
});

Deno.test("loadModule() names no place of our own, and none twice", async () => {
  const own = new URL("../../ports/user_module.ts", import.meta.url).href;
  assert.equal(
    await told(
      new TypeError('Module not found "file:///srv/bot.ts".'),
      `async loadModule (${own}:17:12)`,
    ),
    'bad_config Cannot load ./bot.ts: Module not found "file:///srv/bot.ts".',
  );
  const missing = 'Module not found "file:///srv/x.ts".\n    at file:///srv/bot.ts:3:8';
  assert.equal(
    await told(new TypeError(missing), "file:///srv/other.ts:1:1"),
    'bad_config Cannot load ./bot.ts: Module not found "file:///srv/x.ts". at file:///srv/bot.ts:3:8',
  );
  assert.equal(await told(new Error("odd")), "bad_config Cannot load ./bot.ts: odd");
});

Deno.test("loadModule() takes whatever a module throws", async () => {
  for (const thrown of ["undefined", "null", "'text'", "{}"]) {
    const refused = loadModule("./bot.ts", load(`throw ${thrown}`));
    await assert.rejects(refused, { code: "bad_config", message: /^Cannot load \.\/bot\.ts: ./ });
  }
});

Deno.test("inOneLine() leaves out colours and the source that Deno shows", () => {
  const text =
    "Unexpected token `{`.\n  |\n1 | export default {{\n  |                 ~\n    at \x1b[36mfile:///b.ts\x1b[0m:1:17";
  assert.equal(inOneLine(text), "Unexpected token `{`. at file:///b.ts:1:17");
  assert.equal(inOneLine("a | b"), "a | b");
});
