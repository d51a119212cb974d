/** What is loaded with each door of the package: nothing that it does not need. */

import assert from "node:assert/strict";
import { OUTSIDE_FOLDERS, topOf } from "../../tools/tree.ts";
import { ROOT } from "../support/compiled.ts";

/** What a unit is made of, and a bot's end of events is not. */
const OF_UNITS = [
  "app",
  "dashboard",
  "downstream",
  "fleet",
  "gateway",
  "guilds",
  "intake",
  "link",
  "queue",
  "rest",
  "sim",
  "store",
  "unit",
  "workers",
];

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

/** Paths, and addresses of what is no file of ours, that an import of this file runs. */
async function loadedWith(file: string): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-lock", file],
    cwd: ROOT,
  }).output();
  const { roots, modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    roots: string[];
    modules: Module[];
  };
  const known = new Map(modules.map((module) => [module.specifier, module]));
  const found = new Set(roots);
  for (const specifier of found) {
    for (const { code, isDynamic } of known.get(specifier)?.dependencies ?? []) {
      if (code?.specifier && !isDynamic) found.add(code.specifier);
    }
  }
  return [...found].map((specifier) => specifier.replace(`file://${ROOT}`, ""));
}

const doors = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`)).exports as Record<
  string,
  string
>;

Deno.test("the package has the doors that the docs name", () => {
  const names = [".", "./cli", "./events", "./protocol", "./sim"];
  assert.deepEqual(Object.keys(doors), names);
});

for (const [name, file] of Object.entries(doors)) {
  Deno.test(`the door ${name} loads no package, and nothing that is not shipped`, async () => {
    const loaded = await loadedWith(file);
    assert.ok(loaded.includes(file.slice(2)));
    assert.deepEqual(loaded.filter((path) => /^(npm|jsr|https?):/.test(path)), []);
    assert.deepEqual(loaded.filter((path) => OUTSIDE_FOLDERS.includes(topOf(path))), []);
  });
}

Deno.test("./events loads nothing that a unit is made of", async () => {
  const loaded = await loadedWith("events.ts");
  assert.deepEqual(loaded.filter((path) => OF_UNITS.includes(topOf(path))), []);
});

Deno.test("./protocol loads words and nothing else, not even of Deno or Node", async () => {
  const loaded = await loadedWith("protocol.ts");
  assert.deepEqual(loaded.filter((path) => topOf(path) !== "protocol"), ["protocol.ts"]);
});

Deno.test("./sim loads no part of what it tests", async () => {
  const folders = new Set((await loadedWith("sim/mod.ts")).map(topOf));
  const allowed = ["ports", "protocol", "sim"];
  assert.deepEqual([...folders].filter((name) => !name.startsWith("node:")).sort(), allowed);
});
