import assert from "node:assert/strict";
import fc from "fast-check";
import { annotate, fieldsOf, rename, renumber, textField } from "../../../protocol/discord/body.ts";
import { readEnvelope } from "../../../protocol/discord/envelope.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** As Discord writes it. */
const usual = (d: unknown, t = "GUILD_CREATE") => encode(JSON.stringify({ t, s: 3, op: 0, d }));
/** The same, as it never came so far. */
const unusual = (d: unknown, t = "GUILD_CREATE") =>
  encode(JSON.stringify({ d, op: 0, s: 3, t }, null, 1));

const names = fc.constantFrom("id", "d", "t", "edited_timestamp", "name", "i", "idd");
const bodies = fc.dictionary(
  fc.oneof(names, fc.string().filter((key) => /^[ -~]*$/.test(key) && !/["\\]/.test(key))),
  fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom('"', "\\", '\\"', '"}}', ',"d":{'),
    fc.jsonValue({ maxDepth: 3 }),
  ),
  { noNullPrototype: true },
).filter((d) => !Object.hasOwn(d, "gatehouse") && !Object.hasOwn(d, "__proto__"));

Deno.test("textField() agrees with a parse on any body, however it is written", () => {
  fc.assert(
    fc.property(bodies, names, (d, name) => {
      const expected = typeof d[name] === "string" ? d[name] : undefined;
      assert.equal(textField(usual(d), name), expected);
      assert.equal(textField(unusual(d), name), expected);
    }),
    { numRuns: 500 },
  );
});

Deno.test("textField() sees the field of the body itself, not one inside or beside it", () => {
  const d = { roles: [{ id: "2" }], owner: { id: "3", tags: ["}", "]"] }, id: "1" };
  assert.equal(textField(usual(d), "id"), "1");
  assert.equal(textField(encode('{"t":"X","s":1,"op":0,"d":{},"id":"4"}'), "id"), undefined);
  assert.equal(textField(encode('{"t":"X","s":1,"op":0,"d":null}'), "id"), undefined);
});

Deno.test("textField() reads spaces that Discord does not write", () => {
  for (const d of ['{ "id": "1"}', '{"id" : "1"}', '{"id": "1"}', '{"a":1 ,"id":"1"}']) {
    assert.equal(textField(encode(`{"t":"X","s":1,"op":0,"d":${d}}`), "id"), "1", d);
  }
});

Deno.test("textField() does not read beyond the field that it looks for", () => {
  assert.equal(textField(encode('{"t":"X","s":1,"op":0,"d":{"id":"1","cut}}'), "id"), "1");
});

Deno.test("textField() refuses a payload that ends before the field", () => {
  const whole = '{"t":"X","s":1,"op":0,"d":{"a":{"b":["\\""]},"n":-1.5,"id":"1"}}';
  for (let length = 0; length < whole.indexOf('"1"') + 3; length++) {
    assert.throws(() => textField(encode(whole.slice(0, length)), "id"), SyntaxError, `${length}`);
  }
  assert.throws(() => textField(encode('{"t":"X","s":1,"op":0,"d":{"n":1'), "n"), SyntaxError);
});

Deno.test("fieldsOf() agrees with a parse on any body, however it is written", () => {
  fc.assert(
    fc.property(bodies, fc.uniqueArray(names), (d, wanted) => {
      const expected = Object.fromEntries(
        wanted.filter((name) => Object.hasOwn(d, name)).map((name) => [name, d[name]]),
      );
      for (const payload of [usual(d), unusual(d)]) {
        assert.deepEqual(fieldsOf(payload, wanted), JSON.parse(JSON.stringify(expected)));
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("fieldsOf() reads what stands behind a long list, and nothing of a body that is none", () => {
  const members = Array.from({ length: 100 }, (_, index) => ({ index, nonce: "theirs" }));
  const chunk = usual({ members, chunk_index: 2, chunk_count: 3, nonce: "ours" });
  const found = fieldsOf(chunk, ["nonce", "chunk_index", "not_found"]);
  assert.deepEqual(found, { nonce: "ours", chunk_index: 2 });
  assert.deepEqual(fieldsOf(encode('{"t":"X","s":1,"op":0,"d":null}'), ["nonce"]), {});
  assert.deepEqual(fieldsOf(encode('{"t":"X","s":1,"op":0,"d":{}}'), ["nonce"]), {});
});

Deno.test("fieldsOf() refuses a payload that was cut off", () => {
  const whole = '{"t":"X","s":1,"op":0,"d":{"a":{"b":["\\""]},"n":-1.5,"id":"1"}}';
  for (let length = 0; length < whole.length - 2; length++) {
    assert.throws(() => fieldsOf(encode(whole.slice(0, length)), ["n"]), SyntaxError, `${length}`);
  }
});

Deno.test("annotate() adds the note and changes nothing else", () => {
  fc.assert(
    fc.property(bodies, fc.boolean(), (d, isUsual) => {
      const payload = isUsual ? usual(d) : unusual(d);
      const expected = { ...JSON.parse(decode(payload)), d: { ...d, gatehouse: { guild: "x" } } };
      const annotated = annotate(payload, { guild: "x" });
      assert.deepEqual(JSON.parse(decode(annotated)), JSON.parse(JSON.stringify(expected)));
      assert.equal(readEnvelope(annotated).bodyAt > 0, isUsual);
    }),
  );
});

Deno.test("annotate() leaves every byte that came, also where something follows the body", () => {
  const payload = encode('{"t":"X","s":1,"op":0,"d":{"id":1.0},"x":{"y":{}}}');
  assert.equal(
    decode(annotate(payload, { a: "b" })),
    '{"t":"X","s":1,"op":0,"d":{"gatehouse":{"a":"b"},"id":1.0},"x":{"y":{}}}',
  );
});

Deno.test("annotate() puts a note into an empty body, and into one with spaces", () => {
  for (const d of ["{}", "{ }", '{ "id":"1"}']) {
    const annotated = annotate(encode(`{"t":"X","s":1,"op":0,"d":${d}}`), { a: "b" });
    assert.deepEqual(JSON.parse(decode(annotated)).d, { ...JSON.parse(d), gatehouse: { a: "b" } });
  }
});

Deno.test("annotate() and rename() leave the payload given to them alone", () => {
  const payload = usual({ id: "1" });
  const before = decode(payload);
  annotate(payload, { a: "b" });
  rename(payload, "OTHER");
  assert.equal(decode(payload), before);
});

Deno.test("rename() changes the event's name and nothing else", () => {
  fc.assert(
    fc.property(bodies, fc.constantFrom("X", "GUILD_LOADED_DD"), fc.boolean(), (d, t, isUsual) => {
      const payload = isUsual ? usual(d) : unusual(d);
      const expected = { ...JSON.parse(decode(payload)), t };
      const renamed = rename(payload, t);
      assert.deepEqual(JSON.parse(decode(renamed)), expected);
      assert.equal(readEnvelope(renamed).bodyAt > 0, isUsual);
    }),
  );
});

Deno.test("renumber() replaces the digits and not one byte more", () => {
  const cases: [string, number, string][] = [
    ['{"t":"X","s":7,"op":0,"d":{"s":7}}', 123, '{"t":"X","s":123,"op":0,"d":{"s":7}}'],
    ['{"t":"A_B","s":98765,"op":0,"d":"é"}', 2, '{"t":"A_B","s":2,"op":0,"d":"é"}'],
    [
      '{"t":"X","s":1,"op":0,"d":12345678901234567890.10}',
      2,
      '{"t":"X","s":2,"op":0,"d":12345678901234567890.10}',
    ],
  ];
  for (const [payload, s, wanted] of cases) {
    assert.equal(decode(renumber(encode(payload), s)), wanted);
  }
});

Deno.test("renumber() leaves the payload that it was given as it was", () => {
  const payload = encode('{"t":"X","s":7,"op":0,"d":null}');
  renumber(payload, 9);
  assert.equal(decode(payload), '{"t":"X","s":7,"op":0,"d":null}');
});

Deno.test("renumber() parses a payload whose envelope is in another order", () => {
  for (const payload of ['{"op":0,"s":7,"t":"X","d":"é"}', '{"t":"x y","s":7,"op":0,"d":"é"}']) {
    const { s, d, op } = JSON.parse(decode(renumber(encode(payload), 12)));
    assert.deepEqual([s, d, op], [12, "é", 0]);
  }
});

Deno.test("a payload in another order of keys keeps its large numbers when it is changed", () => {
  const odd = '{"op":0,"d":{"id":1575987154213928974},"t":"X","s":7}';
  for (
    const changed of [
      renumber(encode(odd), 9),
      rename(encode(odd), "Y"),
      annotate(encode(odd), { a: "b" }),
    ]
  ) {
    assert.match(decode(changed), /"id":1575987154213928974[,}]/);
  }
});
