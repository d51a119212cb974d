import assert from "node:assert/strict";
import { writeFiles } from "../../../app/init/write.ts";

const FILES = ["bot.ts", "deno.json"].map((name) => ({ name, means: "", text: `new ${name}` }));

Deno.test("writeFiles() makes the folder, and replaces nothing unless it is told to", async () => {
  const root = Deno.makeTempDirSync();
  const folder = `${root}/a/bot`;
  const text = (name: string) => Deno.readTextFileSync(`${folder}/${name}`);
  await writeFiles(folder, FILES, false);
  assert.equal(text("bot.ts"), "new bot.ts");
  Deno.writeTextFileSync(`${folder}/bot.ts`, "mine");
  Deno.removeSync(`${folder}/deno.json`);
  await assert.rejects(writeFiles(folder, FILES, false), /bot\.ts is there already.*--force/);
  assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["bot.ts"]);
  assert.equal(text("bot.ts"), "mine");
  await writeFiles(folder, FILES, true);
  assert.equal(text("bot.ts"), "new bot.ts");
  Deno.removeSync(root, { recursive: true });
});
