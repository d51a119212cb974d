/** docs/protocols.md says what the code does: its example is read, its tables are complete. */

import assert from "node:assert/strict";
import { encodeBatch, LINK_CLOSE, readBatch } from "../../protocol/event_frame.ts";

const DOC = await Deno.readTextFile("docs/protocols.md");

/** The first code block of a language. */
function block(language: string): string {
  return new RegExp("```" + language + "\n([^`]*)```").exec(DOC)?.[1] ?? "";
}

/** Every text that `pattern` captures in a source. */
async function namesIn(path: string, pattern: RegExp): Promise<string[]> {
  const text = await Deno.readTextFile(path);
  return [...new Set([...text.matchAll(pattern)].map(([, name]) => name!))];
}

/** First cells of the rows of every table, without their marks. */
const rows = new Set(
  [...DOC.matchAll(/^\| *`?([^|`]+?)`? *\|/gm)].map(([, cell]) => cell),
);

Deno.test("the batch in docs/protocols.md is what the document says it is", () => {
  const bytes = Uint8Array.from(
    block("hex").trim().split(/\s+/),
    (byte) => parseInt(byte, 16),
  );
  const { totalShards, records } = readBatch(bytes);
  assert.deepEqual(
    {
      totalShards,
      records: records.map(({ body, ...record }) => ({
        ...record,
        body: JSON.parse(new TextDecoder().decode(body)),
      })),
    },
    JSON.parse(block("json")),
  );
  assert.deepEqual(encodeBatch(totalShards, records), bytes);
});

Deno.test("docs/protocols.md has a row for every message of the worker protocol, and no other", async () => {
  const messages = await namesIn("protocol/worker_message.ts", /\btype: "([A-Z_]+)"/g);
  assert.ok(messages.length > 20, `found ${messages.length} messages in the source`);
  const told = [...rows].filter((cell) => /^[A-Z_]{3,}$/.test(cell!));
  assert.deepEqual(told.toSorted(), messages.toSorted());
});

Deno.test("docs/protocols.md has a row for every text message and close code of the event link", async () => {
  const messages = await namesIn("protocol/event_frame.ts", /readonly op: "([a-z]+)"/g);
  const codes = Object.values(LINK_CLOSE).map(String);
  const missing = [...messages, ...codes].filter((name) => !rows.has(name));
  assert.deepEqual(missing, []);
  assert.equal(messages.length, 4);
});
