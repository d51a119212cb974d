/** Every link of every page leads to what is there, and to a heading that is there. */

import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

function pages(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    if (isDirectory) return pages(path);
    return path.endsWith(".md") ? [path] : [];
  });
}

const PAGES = ["README.md", "SECURITY.md", "CONTRIBUTING.md", ...pages("docs")];

/** Anchors as GitHub makes them. */
function anchorsOf(page: string): Set<string> {
  const titles = [...Deno.readTextFileSync(page).matchAll(/^#+ (.+)$/gm)];
  return new Set(
    titles.map(([, title]) =>
      title!.toLowerCase().replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .replace(/[^\p{L}\p{N}_ -]/gu, "").replaceAll(" ", "-")
    ),
  );
}

Deno.test("every link in our pages leads somewhere", () => {
  const dead = PAGES.flatMap((page) => {
    const text = Deno.readTextFileSync(page).replace(/^```.*?^```/gms, "");
    const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)];
    return links.flatMap(([link, path, anchor]) => {
      const target = path === "" ? page : join(dirname(page), path!);
      if (!existsSync(target)) return [`${page}: ${link}`];
      if (anchor === undefined || statSync(target).isDirectory()) return [];
      return anchorsOf(target).has(anchor) ? [] : [`${page}: ${link}`];
    });
  });
  assert.ok(PAGES.length > 20, `${PAGES.length} pages`);
  assert.deepEqual(dead, []);
});
