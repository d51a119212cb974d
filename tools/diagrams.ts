/**
 * Writes the pages of `docs/` that are drawn from the code. With `--check` it writes nothing, and
 * fails if a page is not what the code says.
 *
 * @module
 */

import { sessionPage } from "./session_diagram.ts";

const PAGES: Readonly<Record<string, () => string>> = {
  "docs/session.md": sessionPage,
};

async function main(check: boolean): Promise<number> {
  let stale = 0;
  for (const [path, draw] of Object.entries(PAGES)) {
    const page = draw();
    if (page === await textOf(path)) continue;
    if (check) {
      console.error(`${path}: not what the code says; run deno task diagrams`);
      stale++;
    } else {
      await Deno.writeTextFile(path, page);
      console.log(`${path}: written`);
    }
  }
  return stale === 0 ? 0 : 1;
}

/** What the page holds now; nothing where there is none. */
async function textOf(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args.includes("--check")));
