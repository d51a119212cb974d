/** The simulator passes for Discord with libraries: whatever it says is of the types they have for it. */

import assert from "node:assert/strict";
import { ROUTES } from "../../sim/rest/api.ts";
import { sampleAll } from "../support/payload_samples.ts";

const TYPES = new URL("../support/payload_types.ts", import.meta.url);

Deno.test("every dispatch and every answer is of the types that two libraries have for it", async () => {
  const { bodies, routes } = await sampleAll();
  const templates = ROUTES.map(({ method, template }) => `${method} ${template}`);
  assert.deepEqual(templates.filter((route) => !routes.has(route)), [], "a route has no sample");

  const names = [...bodies].flatMap(([name, samples]) => samples.map(() => name));
  const source = [...bodies.values()].flat().map((body, at) => {
    const name = JSON.stringify(names[at]);
    return `const sample${at} = ${JSON.stringify(body)} as const;
export const api${at}: Wire<ApiTypes[${name}]> = sample${at};
export const discordeno${at}: Discordeno<${name}> = sample${at};`;
  });
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(
    file,
    `import type { ApiTypes, Discordeno, Wire } from "${TYPES}";\n${source.join("\n")}\n`,
  );
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "check",
      "--quiet",
      "--config",
      new URL("../../deno.json", import.meta.url).pathname,
      // By itself Deno would write down at the root what only tests need.
      "--lock",
      new URL("../../tools/deno.lock", import.meta.url).pathname,
      file,
    ],
    env: { NO_COLOR: "1" },
    stderr: "piped",
  }).output();
  await Deno.remove(file);
  const problems = new TextDecoder().decode(stderr);
  assert.ok(success, told(problems, names));
});

/** Each kind of problem once: whose type of what, and where in it the two part. */
function told(problems: string, names: readonly string[]): string {
  const kinds = problems.split(/^(?=TS\d+)/m).map((problem) => {
    const [, library, at] = /export const (\D+)(\d+)/.exec(problem) ?? [];
    if (at === undefined) return problem;
    const lines = problem.split("\n").filter((line) =>
      /^\s*(TS\d+|Type |Property |The types )/.test(line)
    );
    const last = lines.at(-1)!.trim();
    return `${names[Number(at)]} (${library}): ${last.slice(0, 120)} … ${last.slice(-120)}`;
  });
  return [...new Set(kinds)].join("\n");
}
