import assert from "node:assert/strict";
import { encodePost, postedBytes } from "../../../link/post/body.ts";
import { gapRecord, movedRecord, RECORD } from "../../../protocol/event_frame.ts";

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytesOf = (text: string) => new TextEncoder().encode(text);

Deno.test("encodePost() has payloads byte for byte, whatever is in them", () => {
  const text = '{"t":"X","s":1,"op":0,"d":{"id":12345678901234567890,"é":"\\u00e9 ","a":1,"a":2}}';
  const record = { shardId: 3, kind: RECORD.DISPATCH, cursor: 2 ** 33 + 1, body: bytesOf(text) };
  assert.equal(
    decode(encodePost("b075", [{ totalShards: 16, record }])),
    `{"stream":"b075","events":[{"shardId":3,"totalShards":16,"cursor":8589934593,"payload":${text}}]}`,
  );
});

Deno.test("encodePost() tells of GAPs, of guilds that moved, and of kinds that have no body or no name", () => {
  const gap = { from: null, to: 13, count: null, reason: "why" };
  const moved = { guildId: "1", from: { total: 2, id: 1 }, mayRepeat: false };
  const records = [
    gapRecord(0, gap),
    { shardId: 0, kind: RECORD.SERVED, cursor: 14, body: new Uint8Array() },
    movedRecord(1, 15, moved),
    { shardId: 1, kind: 9, cursor: 16, body: bytesOf("not JSON at all") },
  ];
  const body = encodePost("s", records.map((record) => ({ totalShards: 4, record })));
  assert.deepEqual(JSON.parse(decode(body)), {
    stream: "s",
    events: [
      { shardId: 0, totalShards: 4, cursor: 13, gap },
      { shardId: 0, totalShards: 4, cursor: 14, kind: 3 },
      { shardId: 1, totalShards: 4, cursor: 15, moved },
      { shardId: 1, totalShards: 4, cursor: 16, kind: 9 },
    ],
  });
});

Deno.test("encodePost() of nothing asks whether somebody is there", () => {
  assert.equal(decode(encodePost("s", [])), '{"stream":"s","events":[]}');
});

Deno.test("postedBytes() is what a record takes in the body, or a little more", () => {
  const few = { shardId: 0, cursor: 1, body: new TextEncoder().encode("{}") };
  const many = { shardId: 2 ** 32 - 1, cursor: Number.MAX_SAFE_INTEGER, body: new Uint8Array(9) };
  for (const record of [few, many]) {
    for (const kind of [RECORD.DISPATCH, RECORD.GAP, RECORD.MOVED, 3]) {
      const event = { totalShards: 2 ** 32 - 1, record: { ...record, kind } };
      const of = (count: number) => encodePost("a", Array(count).fill(event)).length;
      const [bytes, taken] = [postedBytes(event.record), of(2) - of(1)];
      assert.ok(bytes >= taken && bytes <= taken + 40 + record.body.length, `${bytes}, ${taken}`);
    }
  }
});
