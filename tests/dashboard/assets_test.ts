import assert from "node:assert/strict";
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
