/** No page says the same twice, as one does in which two changes have met. */

import assert from "node:assert/strict";
import { join } from "node:path";

function pages(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    if (isDirectory) return pages(path);
    return path.endsWith(".md") ? [path] : [];
  });
}

const PAGES = [
  ...["CHANGELOG.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"],
  ...pages("docs"),
];

/** Paragraphs and items of a list that say something, and rows of tables. */
function partsOf(text: string): string[] {
  const prose = text.replaceAll(/^```.*?^```/gms, "");
  const rows = prose.match(/^\|.*\w{3}.*$/gm) ?? [];
  const paragraphs = prose.split(/\n\n+|\n(?=[-*] |\d+\. )/).map((part) => part.trim());
  return [...rows, ...paragraphs.filter((part) => part.length > 40 && !part.startsWith("|"))];
}

Deno.test("no page has a paragraph or a row twice, nor a mark of a conflict", () => {
  assert.ok(PAGES.length > 20, `${PAGES.length} pages`);
  const twice = PAGES.flatMap((page) => {
    const text = Deno.readTextFileSync(page);
    const parts = partsOf(text);
    const again = parts.filter((part, i) => parts.indexOf(part) !== i);
    const marks = text.match(/^(<{7}|>{7}|={7}$).*/gm) ?? [];
    return [...again, ...marks].map((part) => `${page}: ${part.slice(0, 100)}`);
  });
  assert.deepEqual(twice, []);
});
