import assert from "node:assert/strict";
import { mergeEnv, readEnv } from "../../config/env_file.ts";

Deno.test("mergeEnv() lets the environment win over the file", () => {
  assert.deepEqual(mergeEnv({ A: "1" }, "A=2\nB=3"), { A: "1", B: "3" });
});

Deno.test("mergeEnv() takes what is set to nothing for not set, on either side", () => {
  assert.deepEqual(mergeEnv({ A: "", B: " ", C: undefined }, "A=file\nD=\nE=' '"), { A: "file" });
});

Deno.test("mergeEnv() reads comments, quotes, export, blanks, line ends of Windows and a BOM", () => {
  const text = [
    "\uFEFFFIRST=1",
    "# a comment",
    "",
    "QUOTED='a # b'",
    'LINES="a\\nb"',
    "export EXPORTED=yes # why",
    "SPACED = x y ",
    "no line of ours",
    "EQUALS=a=b==",
  ].join("\r\n");
  assert.deepEqual(mergeEnv({}, text), {
    FIRST: "1",
    QUOTED: "a # b",
    LINES: "a\nb",
    EXPORTED: "yes",
    SPACED: "x y",
    EQUALS: "a=b==",
  });
});

Deno.test("readEnv() does without a file, and says where one cannot be read", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assert.equal((await readEnv(`${folder}/.env`)).GATEHOUSE_TEST, undefined);
    await Deno.writeTextFile(`${folder}/.env`, "GATEHOUSE_TEST=1");
    assert.equal((await readEnv(`${folder}/.env`)).GATEHOUSE_TEST, "1");
    await assert.rejects(readEnv(folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
