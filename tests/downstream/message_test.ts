import assert from "node:assert/strict";
import { DownstreamPace, readMessage } from "../../downstream/message.ts";

const read = (value: unknown) => readMessage(JSON.stringify(value));

function refusal(text: string): number | undefined {
  const message = readMessage(text);
  return message.kind === "refused" ? message.code : undefined;
}

Deno.test("readMessage() reads what a bot may send", () => {
  assert.deepEqual(read({ op: 1, d: 5 }), { kind: "heartbeat", seq: 5 });
  assert.deepEqual(read({ op: 1, d: null }), { kind: "heartbeat", seq: null });
  assert.deepEqual(read({ op: 1 }), { kind: "heartbeat", seq: null });
  assert.deepEqual(read({ op: 2, d: { a: 1 } }), { kind: "identify", d: { a: 1 } });
  assert.deepEqual(read({ op: 6, d: { a: 1 } }), { kind: "resume", d: { a: 1 } });
  for (const op of [3, 4, 8, 31, 43]) {
    const d = { guild_id: "1", guild_ids: ["1"] };
    assert.deepEqual(read({ op, d }), { kind: "command", payload: { op, d } });
  }
});

Deno.test("readMessage() passes opcodes on that it does not know: Discord may", () => {
  for (const op of [5, 12, 37, 99]) {
    assert.deepEqual(read({ op, d: { a: 1 } }), { kind: "command", payload: { op, d: { a: 1 } } });
    assert.deepEqual(read({ op }), { kind: "command", payload: { op, d: null } });
  }
});

Deno.test("readMessage() refuses opcodes that no bot sends with 4001", () => {
  for (const op of [0, 7, 9, 10, 11, -1, 1.5, 1e300]) {
    assert.equal(refusal(JSON.stringify({ op, d: null })), 4001, String(op));
  }
});

Deno.test("readMessage() refuses what is no payload with 4002", () => {
  for (const text of ["", "{", "[]", "null", "7", "{}", '{"op":"1"}', '{"op":1,"d":"x"}']) {
    assert.equal(refusal(text), 4002, text);
  }
});

Deno.test("readMessage() takes 4096 bytes, counted as UTF-8, and not one more", () => {
  const payload = (filler: string) => `{"op":77,"d":"${filler}"}`;
  const room = 4096 - payload("").length;
  assert.equal(refusal(payload("x".repeat(room))), undefined);
  assert.equal(refusal(payload("x".repeat(room + 1))), 4002);
  assert.equal(refusal(payload("é".repeat(room / 2 + 1))), 4002);
});

Deno.test("DownstreamPace allows 120 messages in any 60 s, and not one more", () => {
  const pace = new DownstreamPace();
  for (let i = 0; i < 60; i++) assert.ok(pace.allows(0));
  for (let i = 0; i < 60; i++) assert.ok(pace.allows(30_000));
  assert.ok(!pace.allows(59_999));
});

Deno.test("DownstreamPace forgets what came a minute ago, and no earlier", () => {
  const pace = new DownstreamPace();
  for (let i = 0; i < 60; i++) pace.allows(0);
  for (let i = 0; i < 60; i++) pace.allows(30_000);
  for (let i = 0; i < 60; i++) assert.ok(pace.allows(60_000), String(i));
  assert.ok(!pace.allows(60_000));
});

Deno.test("readMessage() takes JSON in a binary frame as in a text frame, and neither ETF nor bad UTF-8", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  for (
    const text of ['{"op":1,"d":5}', '{"op":4,"d":{"guild_id":1575987154213928974}}', "{", "[]"]
  ) {
    assert.deepEqual(readMessage(bytes(text)), readMessage(text), text);
  }
  const long = `{"op":3,"d":"${"é".repeat(2050)}"}`;
  assert.deepEqual(readMessage(bytes(long)), readMessage(long));
  assert.deepEqual(readMessage(Uint8Array.of(131, 116, 0, 0, 0, 0)), {
    kind: "refused",
    code: 4002,
    reason: "ETF is not spoken, send JSON.",
  });
  const spoilt = bytes('{"op":3,"d":"x"}');
  spoilt[13] = 0xff;
  assert.equal((readMessage(spoilt) as { code: number }).code, 4002);
});
