/** docs/status.md has a row for every word of a status, and for nothing else. */

import assert from "node:assert/strict";
import { LOT_PHASES } from "../../protocol/reshard.ts";
import { SHARD_STATES } from "../../protocol/status.ts";

const DOC = await Deno.readTextFile("docs/status.md");
const STATUS = await Deno.readTextFile("protocol/status.ts");
const RESHARD = await Deno.readTextFile("protocol/reshard.ts");
const ERRORS = await Deno.readTextFile("protocol/errors.ts");

/** First cells of the table that begins with this heading cell, in the chapter. */
function rowsOf(chapter: string, head: string): string[] {
  const start = DOC.indexOf(`\n## ${chapter}\n`);
  assert.ok(start >= 0, `no chapter "${chapter}"`);
  const end = DOC.indexOf("\n## ", start + 1);
  const text = DOC.slice(start, end < 0 ? undefined : end);
  const table = text.slice(text.search(new RegExp(`^\\| ${head} `, "m"))).split("\n\n", 1)[0]!;
  return [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, word]) => word!);
}

/** The words of a union of texts in a source, from where `begin` stands to the next `;`. */
function union(source: string, begin: string): string[] {
  const start = source.indexOf(begin);
  assert.ok(start >= 0, `no "${begin}"`);
  const text = source.slice(start + begin.length, source.indexOf(";", start + begin.length));
  return [...text.matchAll(/"([^"]+)"/g)].map(([, word]) => word!);
}

const kinds = STATUS.slice(STATUS.indexOf("export type Status ="));

const WORDS: readonly (readonly [chapter: string, head: string, words: readonly string[]])[] = [
  ["Shards", "state", SHARD_STATES],
  ["Shards", "role", union(STATUS, "export type ShardDuty =")],
  ["Causes", "cause", union(STATUS, "export type Cause =")],
  ["Workers", "state", union(STATUS, "readonly workerId: number;\n  readonly state:")],
  [
    "Clusters and services",
    "state",
    union(STATUS, 'readonly kind: "built in" | "remote";\n  readonly state:'),
  ],
  ["Reshards", "state", union(RESHARD, "export type ReshardState =")],
  ["Reshards", "phase", LOT_PHASES],
  ["The fuse", "fuse", union(STATUS, "readonly fuse:")],
  ["What happens", "kind", [...kinds.matchAll(/readonly kind: "(\w+)"/g)].map(([, kind]) => kind!)],
  ["Errors", "code", union(ERRORS, "export type ErrorCode =")],
];

for (const [chapter, head, words] of WORDS) {
  Deno.test(`docs/status.md has each ${head} of "${chapter}", and no other`, () => {
    assert.ok(words.length > 2);
    assert.deepEqual(rowsOf(chapter, head).toSorted(), [...words].toSorted());
  });
}
