import assert from "node:assert/strict";
import fc from "fast-check";
import { type Envelope, readEnvelope } from "../../../protocol/discord/envelope.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** What a full parse says: the oracle. */
function parsed(text: string): Omit<Envelope, "bodyAt"> {
  const { op, s, t } = JSON.parse(text);
  return {
    op,
    s: typeof s === "number" ? s : null,
    t: typeof t === "string" ? t : null,
  };
}

function read(text: string): Omit<Envelope, "bodyAt"> {
  const { op, s, t } = readEnvelope(encode(text));
  return { op, s, t };
}

const FAST = [
  '{"t":"MESSAGE_CREATE","s":42,"op":0,"d":{"id":"1","content":"\\"t\\":\\"X\\""}}',
  '{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250,"_trace":["[\\"a\\"]"]}}',
  '{"t":null,"s":7,"op":1,"d":null}',
  '{"t":"A","s":0,"op":0,"d":[]}',
  '{"t":"READY","s":999999999999999,"op":0,"d":{}}',
];

const SLOW = [
  '{"op":0,"s":3,"t":"READY","d":{}}',
  '{"d":{"op":5,"t":"INNER","s":9},"op":0,"t":"OUTER","s":3}',
  ' { "t" : "READY" , "s" : 1 , "op" : 0 , "d" : {} } ',
  '{"t":"READY","s":1,"op":0}',
  '{"t":"REA\\u0044Y","s":1,"op":0,"d":{}}',
  '{"t":"ÉTÉ","s":1,"op":0,"d":{}}',
  '{"t":"READY","s":-1,"op":0,"d":{}}',
  '{"t":"READY","s":1.5,"op":0,"d":{}}',
  '{"t":"READY","s":1e3,"op":0,"d":{}}',
  '{"t":"READY","s":9999999999999999,"op":0,"d":{}}',
  '{"t":"READY","s":97698940431181248,"op":0,"d":{}}',
  `{"t":"${"A".repeat(80)}","s":1,"op":0,"d":{}}`,
  '{"t":null,"s":null,"op":1e1,"d":null}',
  '{"t":{"x":1},"s":"1","op":0,"d":null}',
];

Deno.test("readEnvelope() reads the form that Discord writes without a full parse", () => {
  for (const text of FAST) {
    assert.deepEqual(read(text), parsed(text), text);
    assert.equal(readEnvelope(encode(text)).bodyAt, text.indexOf(',"d":') + 5, text);
  }
});

Deno.test("readEnvelope() agrees with JSON.parse on any other form", () => {
  for (const text of SLOW) assert.deepEqual(read(text), parsed(text), text);
});

Deno.test("readEnvelope() refuses what is no object with a numeric op", () => {
  for (const text of ["", "null", "[]", "3", '{"t":1}', '{"op":"0"}', '{"op":null}', '{"op":0']) {
    assert.throws(() => readEnvelope(encode(text)), SyntaxError, text);
  }
});

Deno.test("readEnvelope() refuses bytes that are not UTF-8 where it parses in full", () => {
  assert.throws(() =>
    readEnvelope(Uint8Array.from([...encode('{"op":0,"t":"'), 0xff, 0x22, 0x7d]))
  );
});

Deno.test("readEnvelope() refuses a payload that is cut short, unless the cut looks like an end", () => {
  for (const text of [...FAST, ...SLOW]) {
    const bytes = encode(text);
    for (let length = 0; length < bytes.length; length++) {
      let envelope: Envelope;
      try {
        envelope = readEnvelope(bytes.subarray(0, length));
      } catch (error) {
        assert(error instanceof SyntaxError || error instanceof TypeError, String(error));
        continue;
      }
      // The scan stops at `"d":`; the cut can only have been behind it (or in blanks at the end).
      assert(/}\s*$/.test(text.slice(0, length)), `${text} cut at ${length}`);
      const { op, s, t } = envelope;
      assert.deepEqual({ op, s, t }, parsed(text), `${text} cut at ${length}`);
    }
  }
});

Deno.test("readEnvelope() reads a view that begins in the middle of a buffer", () => {
  const bytes = encode(`xxxx${FAST[0]}xxxx`);
  const { op, s, t } = readEnvelope(bytes.subarray(4, bytes.length - 4));
  assert.deepEqual({ op, s, t }, parsed(FAST[0]!));
});

Deno.test("readEnvelope() never mixes up two names, however many there are", () => {
  fc.assert(fc.property(fc.array(fc.stringMatching(/^[A-Z0-9_]{1,40}$/)), (names) => {
    for (const t of names) assert.equal(read(`{"t":"${t}","s":1,"op":0,"d":0}`).t, t);
  }));
});

/** Every object with t, s, op and d in any order among other keys, as any JSON writer may write it. */
const payloads = fc.record({
  t: fc.oneof(fc.string({ unit: "binary" }), fc.constant(null), fc.string(), fc.integer()),
  s: fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(null)),
  op: fc.oneof(fc.nat(50), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer()),
  d: fc.jsonValue(),
}).chain((known) =>
  fc.tuple(
    fc.shuffledSubarray(Object.entries(known), { minLength: 4 }),
    fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue(), { maxKeys: 2 }),
    fc.boolean(),
    fc.constantFrom(undefined, 2),
  )
).map(([entries, others, first, indent]) => {
  const all = first
    ? [...Object.entries(others), ...entries]
    : [...entries, ...Object.entries(others)];
  return JSON.stringify(Object.fromEntries(all), null, indent);
}).filter((text) => typeof JSON.parse(text).op === "number");

Deno.test("readEnvelope() agrees with JSON.parse on random objects", () => {
  fc.assert(
    fc.property(payloads, (text) => assert.deepEqual(read(text), parsed(text))),
    { numRuns: 2000 },
  );
});

Deno.test("readEnvelope() agrees with JSON.parse on random objects in Discord's order", () => {
  const discord = fc.record({
    t: fc.oneof(fc.stringMatching(/^[A-Z0-9_]{0,70}$/), fc.string(), fc.constant(null)),
    s: fc.oneof(fc.nat(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })),
    op: fc.oneof(fc.nat(50), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })),
    d: fc.jsonValue(),
  }).map((payload) => JSON.stringify(payload));
  fc.assert(
    fc.property(discord, (text) => assert.deepEqual(read(text), parsed(text))),
    { numRuns: 2000 },
  );
});

Deno.test("readEnvelope() refuses what is deeper than anything of Discord's, before it is built", () => {
  const payload = new TextEncoder().encode(`{"op":0,"d":${"[".repeat(1e6)}${"]".repeat(1e6)}}`);
  assert.throws(() => readEnvelope(payload), { name: "SyntaxError", message: /levels/ });
});

Deno.test("readEnvelope() throws one kind of error for what is no payload, UTF-8 or not", () => {
  const notUtf8 = Uint8Array.of(...encode('{"op":0,"t":"'), 0xff, ...encode('"}'));
  for (const bytes of [Uint8Array.of(0xff), notUtf8, encode(""), encode("nul"), encode("[]")]) {
    assert.throws(() => readEnvelope(bytes), SyntaxError);
  }
});
