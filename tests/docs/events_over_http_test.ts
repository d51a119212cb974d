/** docs/events-over-http.md says what the code does: its body and its signature are ours. */

import assert from "node:assert/strict";
import { encodePost } from "../../link/post/body.ts";
import { BATCH_LIMITS, MOST_POSTS } from "../../link/post/post_out.ts";
import { MOST_RETRY_AFTER_MS } from "../../link/post/outcome.ts";
import { signedHeaders } from "../../link/post/signature.ts";
import { gapRecord } from "../../protocol/event_frame.ts";

const DOC = await Deno.readTextFile("docs/events-over-http.md");
const encoder = new TextEncoder();

/** The value of a header in the example. */
function header(name: string): string {
  return new RegExp(`^${name}: (.*)$`, "m").exec(DOC)![1]!;
}

Deno.test("the body in docs/events-over-http.md is what is sent", () => {
  const body = encoder.encode('{"t":"MESSAGE_CREATE","s":7,"op":0,"d":{}}');
  const records = [
    { shardId: 3, kind: 0, cursor: 4_294_967_303, body },
    gapRecord(3, { from: 4_294_967_304, to: 4_294_967_309, count: 6, reason: "full" }),
  ];
  const sent = encodePost(
    "b075df27899acf13",
    records.map((record) => ({ totalShards: 16, record })),
  );
  const told = /```json\n([^`]*)```/.exec(DOC)![1]!;
  assert.deepEqual(JSON.parse(told), JSON.parse(new TextDecoder().decode(sent)));
});

Deno.test("the signature in docs/events-over-http.md is that of its headers and key", () => {
  const [, body, key] = /of the body `(.*?)` and the\s+key `(.*?)`/.exec(DOC)!;
  const seconds = Number(header("webhook-timestamp"));
  const signed = signedHeaders(key!, header("webhook-id"), seconds * 1_000, encoder.encode(body));
  for (const [name, value] of Object.entries(signed)) assert.equal(header(name), value);
});

Deno.test("docs/events-over-http.md tells the bounds of the code", () => {
  const { events, bytes } = BATCH_LIMITS;
  assert.match(DOC, new RegExp(`at most ${events}\\s+events and ${bytes / 1024} KiB`));
  assert.match(DOC, new RegExp(`under way at a time, and ${MOST_POSTS} of each worker`));
  assert.match(DOC, new RegExp(`${MOST_RETRY_AFTER_MS / 60_000} min at most`));
});
