import assert from "node:assert/strict";
import fc from "fast-check";
import { GatehouseError } from "../../protocol/errors.ts";
import {
  BATCH_HEADER_BYTES,
  encodeBatch,
  encodeLinkMessage,
  type EventRecord,
  greeter,
  type LinkMessage,
  movedRecord,
  parseLinkMessage,
  readBatch,
  readGap,
  readMoved,
  RECORD,
  RECORD_HEADER_BYTES,
} from "../../protocol/event_frame.ts";

const record: fc.Arbitrary<EventRecord> = fc.record({
  shardId: fc.nat(0xffff_ffff),
  kind: fc.nat(0xffff),
  cursor: fc.nat(2 ** 48 - 1),
  body: fc.uint8Array({ maxLength: 200 }),
}, { noNullPrototype: true });

Deno.test("readBatch() gives back what encodeBatch() was given", () => {
  fc.assert(fc.property(fc.nat(0xffff_ffff), fc.array(record), (totalShards, records) => {
    assert.deepEqual(readBatch(encodeBatch(totalShards, records)), { totalShards, records });
  }));
});

Deno.test("readBatch() reads a batch that lies in the middle of a larger buffer", () => {
  fc.assert(fc.property(fc.array(record), fc.nat(9), fc.nat(9), (records, before, after) => {
    const batch = encodeBatch(16, records);
    const buffer = new Uint8Array(before + batch.length + after).fill(0xab);
    buffer.set(batch, before);
    const view = buffer.subarray(before, before + batch.length);
    assert.deepEqual(readBatch(view), { totalShards: 16, records });
  }));
});

Deno.test("encodeBatch() writes the header that the protocol specifies", () => {
  const body = new TextEncoder().encode("hi");
  const cursor = 0x0102_0304_0506;
  assert.deepEqual(
    [...encodeBatch(0x10, [{ shardId: 0x0a0b0c0d, kind: RECORD.GAP, cursor, body }])],
    [0, 0, 0, 0x10, 0x0a, 0x0b, 0x0c, 0x0d, 0, 0, 0, 2, 0, 1, 1, 2, 3, 4, 5, 6, 0x68, 0x69],
  );
});

Deno.test("readBatch() refuses a record that is cut short, at every byte", () => {
  const body = new TextEncoder().encode("twelve bytes");
  const records = [1, 2].map((cursor) => ({ shardId: 0, kind: RECORD.DISPATCH, cursor, body }));
  const batch = encodeBatch(16, records);
  const whole = RECORD_HEADER_BYTES + body.length;
  for (let length = 0; length < batch.length; length++) {
    const cut = batch.subarray(0, length);
    const count = (length - BATCH_HEADER_BYTES) / whole;
    if (Number.isInteger(count) && count >= 0) {
      assert.deepEqual(readBatch(cut).records, records.slice(0, count));
    } else {
      assert.throws(
        () => readBatch(cut),
        (error) =>
          error instanceof GatehouseError && error.code === "bad_frame" && error.blame === "peer",
      );
    }
  }
});

Deno.test("readBatch() does not copy bodies", () => {
  const batch = encodeBatch(1, [{ shardId: 0, kind: 0, cursor: 1, body: Uint8Array.of(1, 2) }]);
  assert.equal(readBatch(batch).records[0]!.body.buffer, batch.buffer);
});

const messages: LinkMessage[] = [
  { op: "hello", v: 3, clusterId: 3, windowBytes: 4096 },
  { op: "ack", totalShards: 16, cursors: { "0": 12, "15": 2 ** 40 } },
  { op: "ack", totalShards: 16, cursors: {} },
  { op: "welcome", v: 3, link: 9, totalShards: 16, stream: "a" },
  { op: "bye", reason: 'say "bye"' },
  { op: "hello", v: 3, clusterId: 3, windowBytes: 4096, values: "json" },
  { op: "hello", v: 3, clusterId: 3, windowBytes: 4096, values: "clone" },
  { op: "hello", v: 3, service: "api", windowBytes: 4096 },
  { op: "hello", v: 3, clusterId: 0, windowBytes: 1, port: 1 },
  { op: "hello", v: 3, clusterId: 0, windowBytes: 1, port: 65_535 },
  {
    op: "call",
    id: 7,
    verb: "command",
    receptive: true,
    value: { json: { add: [2] } },
    to: { guildId: "12" },
    timeoutMs: 5000,
  },
  { op: "call", id: 0, verb: "allClustersReady", receptive: false, value: { clone: [null] } },
  { op: "reply", id: 7, value: { json: null } },
  { op: "reply", id: 7, error: { name: "TypeError", message: "no", stack: "TypeError: no" } },
];

Deno.test("parseLinkMessage() gives back what encodeLinkMessage() was given", () => {
  for (const message of messages) {
    assert.deepEqual(parseLinkMessage(encodeLinkMessage(message)), message);
  }
});

Deno.test("greeter() tells a cluster, also the first, from a service", () => {
  const hello = { op: "hello", v: 3, windowBytes: 1 } as const;
  assert.deepEqual(greeter({ ...hello, clusterId: 0 }), { kind: "cluster", id: 0 });
  assert.deepEqual(greeter({ ...hello, service: "api" }), { kind: "service", name: "api" });
});

Deno.test("parseLinkMessage() accepts fields that a later version may add", () => {
  assert.equal(parseLinkMessage('{"op":"bye","reason":"x","retryMs":1}').op, "bye");
});

const refused: [text: string, says: string][] = [
  ["", "is not JSON"],
  ["7", "is not an object but number"],
  ["null", "is not an object"],
  ["[]", "expected hello, ack, welcome, bye, call or reply"],
  ['{"op":"HELLO"}', 'has op "HELLO"'],
  ['{"op":"hello","v":1,"clusterId":0}', "has windowBytes of type undefined, expected number"],
  ['{"op":"hello","v":"1","clusterId":0,"windowBytes":1}', "has v of type string"],
  ['{"op":"ack","totalShards":1,"cursors":null}', "has cursors of type null"],
  ['{"op":"ack","totalShards":1,"cursors":{"x":1}}', 'has cursors["x"]'],
  ['{"op":"ack","totalShards":1,"cursors":{"1":1.5}}', 'has cursors["1"]'],
  ['{"op":"ack","totalShards":1,"cursors":{"1":"2"}}', 'has cursors["1"]'],
  ['{"op":"hello","v":3,"windowBytes":1}', "has clusterId of type undefined, expected number"],
  ['{"op":"hello","v":3,"service":7,"windowBytes":1}', "has service of type number"],
  ...[0, -1, 1.5, 65_536, '"80"', null].map((port): [string, string] => [
    `{"op":"hello","v":3,"clusterId":0,"windowBytes":1,"port":${port}}`,
    `has port ${port}, expected 1 to 65535 or none`,
  ]),
  ['{"op":"welcome","v":3,"link":1}', "has totalShards of type undefined"],
  ['{"op":"bye"}', "has reason of type undefined"],
  ['{"op":"hello","v":1,"clusterId":0,"windowBytes":1,"values":null}', "has values null"],
  ['{"op":"call","id":1,"verb":"command","receptive":true}', "has no value of the form"],
  ['{"op":"call","id":1,"verb":"eval","receptive":true,"value":{"json":1}}', 'has verb "eval"'],
  ['{"op":"reply","id":1}', "has neither a value"],
  ['{"op":"reply","id":1,"error":{"message":"no"}}', "nor an error with name and message"],
];

for (const [text, says] of refused) {
  Deno.test(`parseLinkMessage() refuses ${text || "nothing"} and says why`, () => {
    assert.throws(() => parseLinkMessage(text), (error) => {
      assert(error instanceof GatehouseError);
      assert.equal(error.code, "bad_message");
      assert(error.message.includes(says), error.message);
      return true;
    });
  });
}

Deno.test("parseLinkMessage() refuses a message cut at any byte", () => {
  for (const message of messages) {
    const text = encodeLinkMessage(message);
    for (let length = 0; length < text.length; length++) {
      assert.throws(() => parseLinkMessage(text.slice(0, length)), GatehouseError);
    }
  }
});

Deno.test("parseLinkMessage() refuses a message that is too deep, whatever it says", () => {
  const deep = `{"op":"call","id":1,"verb":"unit","receptive":true,"value":{"json":${
    "[".repeat(1e6)
  }`;
  assert.throws(() => parseLinkMessage(deep), /it is not JSON: more than 1024 levels/);
});

Deno.test("readMoved() reads what movedRecord() says", () => {
  const moved = { guildId: "41", from: { total: 2, id: 1 }, mayRepeat: true };
  const record = movedRecord(3, 9, moved);
  assert.deepEqual({ ...record, body: null }, {
    shardId: 3,
    kind: RECORD.MOVED,
    cursor: 9,
    body: null,
  });
  assert.deepEqual(readMoved(record), moved);
});

Deno.test("readGap() knows no more than the cursor of a GAP that cannot be read", () => {
  const unreadable = ["", "nul", "null", "[]", '{"from":9,"to":[],"count":-1,"reason":7}'];
  for (const body of unreadable.map((text) => new TextEncoder().encode(text))) {
    const { from, to, count, reason } = readGap({ shardId: 1, kind: RECORD.GAP, cursor: 7, body });
    assert.deepEqual([from, to, count], [null, 7, null]);
    assert.match(reason, /cannot be read/);
  }
});
