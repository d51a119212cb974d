import assert from "node:assert/strict";
import { placeOf, readDispatch } from "../../../bot/link/dispatch.ts";
import { GAP_EVENT, GUILD_MOVED_EVENT, RECORD } from "../../../protocol/event_frame.ts";

const record = (kind: number, text: string) => ({
  shardId: 0,
  kind,
  cursor: 1,
  body: new TextEncoder().encode(text),
});
const gap = { from: 1, to: 4, count: 4, reason: "queue is full" };

Deno.test("readDispatch() parses what is wanted", () => {
  const payload = { t: "MESSAGE_CREATE", s: 1, op: 0, d: { content: "é" } };
  const found = record(RECORD.DISPATCH, JSON.stringify(payload));
  assert.deepEqual(readDispatch(found, (name) => name === "MESSAGE_CREATE"), payload);
});

Deno.test("readDispatch() does not parse what nobody wants", () => {
  const broken = record(RECORD.DISPATCH, '{"t":"TYPING_START","s":1,"op":0,"d":{,}}');
  assert.equal(readDispatch(broken, () => false), undefined);
  assert.throws(() => readDispatch(broken, () => true), SyntaxError);
});

Deno.test("readDispatch() makes a gap an event of its own", () => {
  const found = { ...record(RECORD.GAP, JSON.stringify(gap)), cursor: gap.to };
  const event = { op: 0, t: GAP_EVENT, s: null, d: gap };
  assert.deepEqual(readDispatch(found, () => true), event);
  assert.equal(readDispatch(found, () => false), undefined);
});

Deno.test("readDispatch() makes an event of a guild that has moved, and skips what another shard has served", () => {
  const moved = { guildId: "7", from: { total: 2, id: 1 }, mayRepeat: false };
  const found = record(RECORD.MOVED, JSON.stringify(moved));
  const event = { op: 0, t: GUILD_MOVED_EVENT, s: null, d: moved };
  assert.deepEqual(readDispatch(found, () => true), event);
  assert.equal(readDispatch(found, (name) => name === "GUILD_CREATE"), undefined);
  assert.equal(readDispatch(record(RECORD.SERVED, ""), () => true), undefined);
});

Deno.test("readDispatch() skips kinds of a later version, and payloads that are no dispatch", () => {
  const heartbeat = '{"t":null,"s":null,"op":11,"d":null}';
  assert.equal(readDispatch(record(9, '{"t":"X","s":1,"op":0,"d":1}'), () => true), undefined);
  assert.equal(readDispatch(record(RECORD.DISPATCH, heartbeat), () => true), undefined);
});

Deno.test("placeOf() is the shard that brought an event; of what came by none the one in its note", () => {
  const dispatch = (d: unknown) => ({ op: 0, t: "X", s: null, d });
  const note = { gatehouse: { shard: "3/16" } };
  assert.deepEqual(placeOf(dispatch(note), { shardId: 1, totalShards: 4 }), {
    shardId: 1,
    totalShards: 4,
  });
  assert.deepEqual(placeOf(dispatch(note), { shardId: 9, totalShards: 0 }), {
    shardId: 3,
    totalShards: 16,
  });
  for (const d of [null, {}, { gatehouse: { shard: "x" } }]) {
    assert.deepEqual(placeOf(dispatch(d), { shardId: 9, totalShards: 0 }), {
      shardId: 0,
      totalShards: 1,
    });
  }
});
