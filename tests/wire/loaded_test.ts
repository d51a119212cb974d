/** What a process or a thread loads before it knows that it needs it: no code of others. */

import assert from "node:assert/strict";

interface Dependency {
  readonly code?: { readonly specifier?: string };
  readonly isDynamic?: boolean;
}
interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly Dependency[];
}

/** All modules that are loaded with one, but for those that are asked for later. */
async function loadedWith(entry: string): Promise<string[]> {
  const args = ["info", "--json", "--no-npm", entry];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  const { roots, modules, redirects = {} } = JSON.parse(new TextDecoder().decode(stdout)) as {
    roots: string[];
    modules: Module[];
    redirects?: Record<string, string>;
  };
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const loaded = new Set<string>(roots);
  for (const specifier of loaded) {
    for (const { code, isDynamic } of bySpecifier.get(specifier)?.dependencies ?? []) {
      const next = code?.specifier;
      if (next && !isDynamic) loaded.add(redirects[next] ?? next);
    }
  }
  return [...loaded];
}

for (const entry of ["mod.ts", "app/terminal/run_unit.ts", "workers/entry.ts"]) {
  Deno.test(`${entry} loads no package, NATS least of all, before it is needed`, async () => {
    const loaded = await loadedWith(entry);
    assert.ok(loaded.length > 20);
    assert.deepEqual(loaded.filter((specifier) => specifier.startsWith("npm:")), []);
  });
}

Deno.test("a start loads no other subcommand, and no parser of the command line", async () => {
  const ours = (await loadedWith("app/cli/entry.ts"))
    .filter((specifier) => specifier.includes("/app/cli/"))
    .map((specifier) => specifier.split("/app/cli/")[1]);
  assert.deepEqual(ours.sort(), ["arguments.ts", "entry.ts", "output.ts", "start.ts"]);
});

Deno.test("shard workers know nothing of NATS at all", async () => {
  const loaded = await loadedWith("workers/entry.ts");
  assert.deepEqual(loaded.filter((specifier) => /\/(ports\/nats|fleet)\//.test(specifier)), []);
});
