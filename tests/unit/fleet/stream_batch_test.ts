import assert from "node:assert/strict";
import { RECORD } from "../../../protocol/event_frame.ts";
import { encodeStreamBatch, encodeTooLarge } from "../../../unit/fleet/stream_batch.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const record = (cursor: number, kind: number, text: string) => (
  { shardId: 1, kind, cursor, body: bytes(text) }
);

Deno.test("encodeStreamBatch() keeps each event byte for byte", () => {
  const event = '{"t":"X","s":1,"op":0,"d":{"id": "1","n":1e2,"s":"\\n"}}';
  const batch = encodeStreamBatch([
    record(2 ** 47, RECORD.DISPATCH, event),
    record(2 ** 47 + 1, RECORD.GAP, '{"from":null,"to":3,"reason":"x"}'),
    record(2 ** 47 + 2, RECORD.SERVED, ""),
    record(2 ** 47 + 3, RECORD.MOVED, '{"guildId":"1"}'),
  ]);
  assert.equal(
    new TextDecoder().decode(batch!),
    `[{"cursor":140737488355328,"event":${event}},\n` +
      '{"cursor":140737488355329,"gap":{"from":null,"to":3,"reason":"x"}},\n' +
      '{"cursor":140737488355331,"moved":{"guildId":"1"}}]',
  );
});

Deno.test("encodeStreamBatch() is nothing where nothing is said", () => {
  assert.equal(encodeStreamBatch([]), null);
  assert.equal(encodeStreamBatch([record(1, RECORD.SERVED, ""), record(2, 99, "{}")]), null);
});

Deno.test("encodeTooLarge() says how large it was", () => {
  const text = new TextDecoder().decode(encodeTooLarge(record(7, RECORD.DISPATCH, "12345")));
  assert.deepEqual(JSON.parse(text), [{ cursor: 7, tooLarge: { bytes: 5 } }]);
});
