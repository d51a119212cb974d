/** docs/libraries/ shows what is run, and links to what is there. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

const FOLDER = "docs/libraries";
const PAGES = [...Deno.readDirSync(FOLDER)].map(({ name }) => name);
const text = (page: string) => Deno.readTextFileSync(join(FOLDER, page));

/** What a bot of the tests shows to readers, from mark to mark. */
function shownBy(bot: string): string {
  return /docs: begin\n(.*?)[^\n]*docs: end/s.exec(Deno.readTextFileSync(bot))?.[1]?.trim() ?? "";
}

Deno.test("the code in a library's page is the bot that the tests run", () => {
  let shown = 0;
  for (const page of PAGES) {
    const [bot] = text(page).match(/tests\/support\/libraries\/bots\/[\w./]+\w/) ?? [];
    if (bot === undefined) continue;
    const blocks = [...text(page).matchAll(/^```\w+\n(.*?)^```/gms)].map(([, code]) =>
      code!.trim()
    );
    assert.ok(blocks.includes(shownBy(bot)), `${page} does not show what ${bot} runs`);
    shown += 1;
  }
  assert.ok(shown >= 9, `${shown} pages show a bot`);
});

Deno.test("every page is in the list of libraries, and every link leads somewhere", () => {
  const list = text("README.md");
  for (const page of PAGES.filter((name) => name !== "README.md")) {
    assert.ok(list.includes(`](${page})`), `${page} is not in the list`);
  }
  for (const page of PAGES) {
    const links = [...text(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    for (const [link, path, anchor] of links) {
      const target = path === "" ? join(FOLDER, page) : join(dirname(join(FOLDER, page)), path!);
      assert.ok(existsSync(target), `${page}: ${link}`);
      if (anchor === undefined) continue;
      const titles = [...Deno.readTextFileSync(target).matchAll(/^#+ (.+)$/gm)];
      const anchors = titles.map(([, title]) =>
        title!.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-")
      );
      assert.ok(anchors.includes(anchor), `${page}: ${link}`);
    }
  }
});
