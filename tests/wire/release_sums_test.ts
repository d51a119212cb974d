/** What a release vouches for. */

import assert from "node:assert/strict";
import { executableName } from "../../tools/release/compile.ts";
import { type Make, makeAll, SUMS } from "../../tools/release/make.ts";

/** SHA-256 of "abc", of nothing, and of the two blocks of FIPS 180-2's second example. */
const KNOWN = {
  abc: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  "": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq:
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
};
const TEXTS = Object.keys(KNOWN);
const TARGETS = TEXTS.map((_, at) => `machine-${at}`);

/** Writes the text with the target's number. */
const writes: Make = async (target, path) => {
  await Deno.writeTextFile(path, TEXTS[TARGETS.indexOf(target)]!);
  return [];
};

/** The same, with something to say against the second. */
const mostly = (against: () => Promise<string[]>): Make => async (target, path) => {
  await writes(target, path);
  return target === TARGETS[1] ? await against() : [];
};

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync();
  try {
    await body(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
const sums = (folder: string) => Deno.readTextFileSync(`${folder}/${SUMS}`);
const lines = (...which: number[]) =>
  which.map((at) => `${Object.values(KNOWN)[at]}  ${executableName(TARGETS[at]!)}\n`).join("");

const hasSha256sum = await new Deno.Command("sha256sum", { args: ["--version"], stdout: "null" })
  .output().then(({ success }) => success, () => false);

Deno.test("a release vouches for each executable by its digest and its name in the folder", () =>
  withFolder(async (folder) => {
    assert.deepEqual(await makeAll(TARGETS, folder, writes), new Map());
    assert.equal(sums(folder), lines(0, 1, 2));
    assert.deepEqual(names(folder), [SUMS, ...TARGETS.map(executableName)].sort());
  }));

Deno.test({
  name: "sha256sum takes what a release vouches for, and refuses what was changed since" +
    (hasSha256sum ? "" : ": SKIPPED, there is no sha256sum here"),
  ignore: !hasSha256sum,
  fn: () =>
    withFolder(async (folder) => {
      await makeAll(TARGETS, folder, writes);
      // The options of docs/install.md: who downloads one executable has not the others.
      Deno.removeSync(`${folder}/${executableName(TARGETS[2]!)}`);
      const check = () =>
        new Deno.Command("sha256sum", {
          args: ["--check", "--strict", "--ignore-missing", SUMS],
          cwd: folder,
        }).output();
      const taken = await check();
      assert.equal(taken.code, 0, new TextDecoder().decode(taken.stderr));
      const ok = TARGETS.slice(0, 2).map((target) => `${executableName(target)}: OK\n`);
      assert.equal(new TextDecoder().decode(taken.stdout), ok.join(""));
      Deno.writeTextFileSync(`${folder}/${executableName(TARGETS[0]!)}`, "abd");
      assert.equal((await check()).code, 1);
    }),
});

for (
  const [what, against] of Object.entries({
    "is refused": () => Promise.resolve(["it is a prompt"]),
    "cannot be looked at": () => Promise.reject(new Error("it is a prompt")),
  })
) {
  Deno.test(`a release deletes an executable that ${what} and does not vouch for it, but has the others`, () =>
    withFolder(async (folder) => {
      const refused = await makeAll(TARGETS, folder, mostly(against));
      assert.deepEqual([...refused.keys()], [executableName("machine-1")]);
      assert.match(refused.get(executableName("machine-1"))!.join(), /it is a prompt/);
      assert.equal(sums(folder), lines(0, 2));
      assert.ok(!names(folder).includes(executableName("machine-1")));
    }));
}

Deno.test("a release that could make nothing leaves nothing, of an earlier one neither", () =>
  withFolder(async (folder) => {
    await makeAll(TARGETS, folder, writes);
    Deno.writeTextFileSync(`${folder}/notes.txt`, "mine");
    const refused = await makeAll(
      TARGETS,
      folder,
      () => Promise.resolve(["deno compile ended with 1"]),
    );
    assert.equal(refused.size, 3);
    assert.deepEqual(names(folder), ["notes.txt"]);
  }));
