/**
 * Draws the pictures in `docs/` by running the tables, so that no picture can lie. With `--check` it
 * writes nothing and fails when a file is not what it would write.
 *
 * @module
 */

import { drawLots } from "./lots.ts";
import { drawSession } from "./session.ts";

/** File → what it is to be, from what it is. */
const PICTURES: Readonly<Record<string, (file: string) => string>> = {
  "docs/session.md": drawSession,
  "docs/resharding.md": drawLots,
};

function main(args: readonly string[]): number {
  let wrong = 0;
  for (const [path, draw] of Object.entries(PICTURES)) {
    const file = Deno.readTextFileSync(path);
    const drawn = draw(file);
    if (drawn === file) continue;
    if (!args.includes("--check")) Deno.writeTextFileSync(path, drawn);
    else {
      console.error(`${path} is not what the table says: run deno task diagrams`);
      wrong++;
    }
  }
  return Math.min(1, wrong);
}

if (import.meta.main) Deno.exit(main(Deno.args));
