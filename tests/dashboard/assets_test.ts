import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ASSETS, loadAsset, PAGE } from "../../dashboard/assets.ts";

const ROOT = new URL("../../dashboard/", import.meta.url);

function* filesIn(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(new URL(folder, ROOT))) {
    if (entry.isDirectory) yield* filesIn(`${folder}${entry.name}/`);
    else yield `${folder}${entry.name}`;
  }
}

Deno.test("all files of the page are served, and each is there", async () => {
  const files = [...filesIn("page/"), ...filesIn("vendor/")]
    .filter((path) => !/\.(d\.ts|md)$/.test(path) && path !== PAGE);
  assert.deepEqual([...ASSETS].toSorted(), files.toSorted(), "see ASSETS in dashboard/assets.ts");
  for (const path of [PAGE, ...ASSETS]) {
    const { text, etag } = await loadAsset(path);
    assert.equal(text, await Deno.readTextFile(new URL(path, ROOT)));
    assert.match(etag, /^"[0-9a-f]{16}"$/);
  }
});

Deno.test("a browser is told what each file is", async () => {
  const typeOf = async (path: string) => (await loadAsset(path)).type;
  assert.equal(await typeOf(PAGE), "text/html; charset=utf-8");
  assert.equal(await typeOf("page/app.js"), "text/javascript; charset=utf-8");
  assert.equal(await typeOf("vendor/uplot.css"), "text/css; charset=utf-8");
  assert.equal(await typeOf("page/icon.svg"), "image/svg+xml; charset=utf-8");
  assert.equal(await typeOf("vendor/LICENSE-uplot"), "text/plain; charset=utf-8");
});

Deno.test("the page has no script and no style in it: our own policy would refuse them", async () => {
  const { text } = await loadAsset(PAGE);
  assert.doesNotMatch(text, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/i);
  for (const [, path] of text.matchAll(/(?:href|src)="dashboard\/([^"]+)"/g)) {
    assert.ok(ASSETS.has(path!), path!);
  }
});

Deno.test("a file that is not there is not remembered as missing", async () => {
  const missing = {
    code: "not_ready",
    message: /Cannot read dashboard\/page\/none.js: .*not found/,
  };
  await assert.rejects(loadAsset("page/none.js"), missing);
  await assert.rejects(loadAsset("page/none.js"), missing);
});

/** As published: `npm:htm@3.1.1`, `npm:uplot@1.6.32`. Who takes a newer one changes `vendor/README.md` as well. */
const VENDORED = {
  "vendor/preact.js": "72284e8e9079c87817145df1110f74e8a2aa040b2fc384922e18dfcb46fc1fd7",
  "vendor/uplot.js": "5dd9b3281aa64b461b42d9945f6adb2649d346502b12281a9ae0d46599a80eba",
  "vendor/uplot.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
};
const LICENCES = {
  "vendor/LICENSE-htm": /Apache License\s+Version 2\.0[\s\S]*TERMS AND CONDITIONS/,
  "vendor/LICENSE-preact": /MIT License[\s\S]*Jason Miller[\s\S]*WITHOUT WARRANTY/,
  "vendor/LICENSE-uplot": /MIT License[\s\S]*Leon Sorokin[\s\S]*WITHOUT WARRANTY/,
};

Deno.test("what others wrote is as they published it, and their licences are served beside it", async () => {
  for (const [path, sha256] of Object.entries(VENDORED)) {
    const bytes = await Deno.readFile(new URL(path, ROOT));
    assert.equal(createHash("sha256").update(bytes).digest("hex"), sha256, path);
  }
  for (const [path, words] of Object.entries(LICENCES)) {
    assert.match((await loadAsset(path)).text, words);
  }
});
