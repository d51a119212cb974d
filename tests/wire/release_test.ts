/** What a release holds, and what it refuses; its executables come without Deno's runtime for them. */

import assert from "node:assert/strict";
import { dirname, join, normalize } from "node:path";
import { ENTRY, INCLUDED } from "../../tools/release/compile.ts";
import { contentProblems } from "../../tools/release/checks.ts";
import { type Contents, contentsOf } from "../../tools/release/contents.ts";
import { typescriptFiles } from "../../tools/source_files.ts";
import { OUTSIDE_FOLDERS, topOf } from "../../tools/tree.ts";
import { compiledFile, ROOT, standIn } from "../support/compiled.ts";
import { until } from "../support/unit_process.ts";

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  try {
    await body(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const compiled = (folder: string) => compiledFile(folder).then((path) => Deno.readFileSync(path));

/** What is named by an address and not needed in an executable, and why. */
const NOT_NEEDED = new Map([
  ["deno.json", "what Deno is given for a bot that has none"],
  [".", "our code, as folders"],
  ["docs", "where a person reads; an executable names the repository"],
  ["clusters/inside/entry.ts", "the program of a cluster that Deno runs"],
]);

/** What our sources name by its address: threads, assets, modules. */
async function namedByAddress(): Promise<string[]> {
  const named = new Set<string>();
  for (const path of await typescriptFiles(ROOT)) {
    if (OUTSIDE_FOLDERS.includes(topOf(path))) continue;
    const text = Deno.readTextFileSync(`${ROOT}${path}`).replaceAll(/^ *(\*|\/\/).*$/gm, "");
    for (const [, name] of text.matchAll(/new URL\(\s*["`]([^"`$]+)["`],\s*import\.meta\.url/g)) {
      named.add(normalize(join(dirname(path), name!)).replace(/(.)\/$/, "$1"));
    }
  }
  return [...named].filter((path) => !NOT_NEEDED.has(path));
}

Deno.test("an executable holds all that it loads, whatever is named by an address too, and nothing else", () =>
  withFolder(async (folder) => {
    const contents = contentsOf(await compiled(folder));
    assert.deepEqual(contentProblems(contents), []);
    const named = await namedByAddress();
    assert.ok(named.includes("workers/entry.ts") && named.includes("examples/bot.ts"));
    assert.deepEqual(named.filter((path) => !isHeld(path, contents)), []);
    const test = ["fast-check", "yaml", "@discordjs/ws", "@discordeno/bot"];
    assert.deepEqual(contents.packages.filter((name) => test.includes(name)), []);
    assert.ok(contents.packages.includes("hono"));
    assert.ok(!contents.allowed.includes("ffi"));
  }));

const isHeld = (path: string, { files }: Contents) =>
  files.includes(path) || files.some((file) => file.startsWith(`${path.replace(/\/$/, "")}/`));

Deno.test("what an executable holds runs by itself, in a folder where nothing else is", () =>
  withFolder(async (folder) => {
    const { files } = contentsOf(await compiled(folder));
    // An executable knows our import map, which is not among its files.
    for (const path of [...files, "deno.json", "tools/imports.json"]) {
      const to = `${folder}/held/${path}`;
      Deno.mkdirSync(dirname(to), { recursive: true });
      Deno.copyFileSync(`${ROOT}${path}`, to);
    }
    const unit = standIn(folder, `${folder}/held/`).run(["demo"], { LISTEN_PORT: "0" });
    const answered = () => unit.lines.some(({ message }) => message === "answered a message");
    try {
      await until(answered, 30_000, () => JSON.stringify(unit.lines.slice(-5)) + unit.errors());
      const script = await fetch(`${await unit.url()}/dashboard/page/app.js`);
      assert.equal(await script.text(), Deno.readTextFileSync(`${ROOT}dashboard/page/app.js`));
    } finally {
      await unit.end("SIGTERM");
    }
  }));

async function release(folder: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      `--allow-read=${ROOT},${folder}`,
      `--allow-write=${folder}`,
      "--allow-run",
      "tools/release/main.ts",
      ...args,
    ],
    env: { DENORT_BIN: Deno.execPath(), NO_COLOR: "1" },
    cwd: ROOT,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), errors: text(stderr) };
}

Deno.test("a release refuses an executable that does not answer --version, and leaves none behind", () =>
  withFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/SHA256SUMS`, "of an earlier release");
    const { code, errors } = await release(folder, "--here", "--to", folder);
    assert.equal(code, 1);
    assert.match(
      errors,
      /is refused: --version ended with 0 and said "deno .*expected "gatehouse /,
    );
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("a release takes what holds everything, answers --version, and whose bot answers", () =>
  withFolder(async (folder) => {
    const bytes = await compiled(folder);
    const { path } = standIn(folder);
    // A shell reads no further than its script; who looks for what is held finds it behind.
    Deno.writeFileSync(path, bytes, { append: true });
    const { code, errors } = await release(folder, "--check", path);
    assert.deepEqual([code, errors], [0, ""]);
  }));

Deno.test("a release refuses what misses a part, or holds what is nobody's to see", () => {
  const whole: Contents = { entry: ENTRY, allowed: [], files: [...INCLUDED], packages: [] };
  assert.deepEqual(contentProblems(whole), []);
  const files = [...INCLUDED.slice(1), "tests/x.ts", "examples/fleet/main.ts", "bot/.env"];
  assert.deepEqual(contentProblems({ ...whole, files, entry: "cli.ts" }), [
    "it runs cli.ts, not app/cli/compiled.ts",
    "clusters/inside/thread.ts is missing",
    "it holds tests/x.ts",
    "it holds examples/fleet/main.ts",
    "it holds bot/.env",
  ]);
});
