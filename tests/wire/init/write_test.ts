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

Deno.test("writeFiles() says which folder cannot be one, and that it was to be written", async () => {
  const root = Deno.makeTempDirSync();
  const file = `${root}/a`;
  Deno.writeTextFileSync(file, "");
  for (const folder of [file, `${file}/b`]) {
    await assert.rejects(writeFiles(folder, FILES, false), {
      message: `Cannot write: ${folder} can be no folder: a part of it is a file`,
    });
  }
  Deno.removeSync(root, { recursive: true });
});

Deno.test("writeFiles() keeps to its owner what is to be copied to a file with a secret", async () => {
  const root = Deno.makeTempDirSync();
  await writeFiles(root, [{ ...FILES[0]!, isPrivate: true }, FILES[1]!], false);
  const modeOf = (name: string) => (Deno.statSync(`${root}/${name}`).mode ?? 0) & 0o777;
  assert.equal(modeOf("bot.ts"), 0o600);
  assert.notEqual(modeOf("deno.json"), 0o600);
  Deno.removeSync(root, { recursive: true });
});
