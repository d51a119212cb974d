import assert from "node:assert/strict";
import { BAKED_FLAGS, TARGETS } from "../../tools/release/compile.ts";

const text = Deno.readTextFileSync("docs/install.md");
const config = JSON.parse(Deno.readTextFileSync("deno.json"));

Deno.test("install.md has every door of the package, and no other", () => {
  const named = [...text.matchAll(/^\| `(\.[^`]*)` +\|/gm)].map(([, name]) => name);
  assert.deepEqual(named, Object.keys(config.exports));
});

Deno.test("install.md says what an executable may do, and for which machines there is one", () => {
  const baked = BAKED_FLAGS.filter((flag) => flag.startsWith("--allow"));
  const said = /was settled when it was compiled: ([^.]*?), for nobody/s.exec(text)![1]!;
  assert.deepEqual([...said.matchAll(/`(--[\w-]+)`/g)].map(([, flag]) => flag), baked);
  assert.ok(TARGETS.some((target) => text.includes(`gatehouse-${target}`)));
  for (const [word, part] of [["Linux", "linux"], ["macOS", "darwin"], ["x86-64", "x86_64"]]) {
    assert.equal(text.includes(word!), TARGETS.some((target) => target.includes(part!)), word!);
  }
});

Deno.test("install.md names the version, the launcher's flags and files that are there", () => {
  assert.ok(text.includes(`jsr:@gatehouse/gatehouse@${config.version}/cli`));
  const flags = /deno run (.*) cli\.ts start/.exec(config.tasks.start.command)![1]!;
  assert.ok(
    text.includes(`deno run ${flags.replace("--no-prompt ", "")} /path/to/gatehouse/cli.ts`),
  );
  for (const [, link] of text.matchAll(/\]\((\.\.\/[^)#]+)/g)) Deno.statSync(`docs/${link}`);
});

Deno.test("the changelog begins with this version", () => {
  const changelog = Deno.readTextFileSync("CHANGELOG.md");
  assert.equal(/^## (\S+)/m.exec(changelog)![1], config.version);
});
