import assert from "node:assert/strict";
import {
  bytesOfText,
  eachField,
  edited,
  elementsOf,
  fieldOf,
  fieldsOf,
  isObject,
  objectOf,
  readList,
  textOfBytes,
  without,
  wordIn,
  wordOf,
} from "../../guilds/fragments.ts";
import fc from "fast-check";

const encoder = new TextEncoder();
const latin1 = (text: string) => textOfBytes(encoder.encode(text));
const read = (text: string | undefined) =>
  JSON.parse(new TextDecoder().decode(bytesOfText(text ?? "null")));

Deno.test("a text of bytes has one character for each, and gives them back", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const text = textOfBytes(bytes.subarray(1));
  assert.equal(text.length, 255);
  assert.deepEqual(bytesOfText(text), bytes.slice(1));
});

const ODD =
  ' {"id" : "1" ,\n"n":-1.5E+3,"a":[ {"x":"]}\\"\\\\"} , [ ] ,null],"\\u0069x":true, "l":"\\ud800"}  ,"z"';

Deno.test("fields are found in whatever way they are written, and what follows is not looked at", () => {
  const fields = [...fieldsOf(ODD)];
  assert.deepEqual(fields, [
    ["id", '"1"'],
    ["n", "-1.5E+3"],
    ["a", '[ {"x":"]}\\"\\\\"} , [ ] ,null]'],
    ["ix", "true"],
    ["l", '"\\ud800"'],
  ]);
  assert.equal(fieldOf(ODD, "l"), '"\\ud800"');
  assert.equal(fieldOf(ODD, "x"), undefined);
  assert.equal(fieldOf("{ }", "x"), undefined);
  assert.deepEqual(elementsOf(fieldOf(ODD, "a")), ['{"x":"]}\\"\\\\"}', "[ ]", "null"]);
});

Deno.test("a word is what a text says; anything else is none", () => {
  assert.equal(wordOf(ODD, "id"), "1");
  assert.equal(wordOf(ODD, "n"), undefined);
  assert.equal(wordOf(ODD, "x"), undefined);
  assert.equal(wordIn('"\\u0031"'), "1");
  assert.equal(isObject('{"a":1}'), true);
  assert.equal(isObject("[]"), false);
});

Deno.test("edited() changes fields where they stand, adds and removes, and leaves the rest as it was", () => {
  const text = '{"a": 1 ,"b":"\\ud800","c":{ "d":[] }}';
  const changed = edited(text, new Map([["a", "2"], ["b", null], ["e", "3"], ["f", null]]));
  assert.equal(changed, '{"a":2,"c":{ "d":[] },"e":3}');
  assert.equal(edited(text, new Map([["x", null]])), text, "nothing to change, not a byte changed");
  assert.equal(without(text, "a", "c"), '{"b":"\\ud800"}');
  assert.equal(objectOf([["a", "1"], ["b", "[]"]]), '{"a":1,"b":[]}');
});

Deno.test("a list is read element by element, and then the reader stands behind it", () => {
  const text = ' [1, {"a":2} ]x';
  const list = readList(text);
  assert.deepEqual([list.next(), list.next(), list.next()], ["1", '{"a":2}', undefined]);
  assert.equal(text[list.at], "x");
  assert.equal(readList("[]").next(), undefined);
  assert.deepEqual(elementsOf(undefined), []);
});

for (
  const text of ["", "7", "[", '{"a"', '{"a":', '{"a":1', '{"a":1]', "{a:1}", '{"a":"x}', '{"a":[}']
) {
  Deno.test(`what is no object is told: ${text}`, () => {
    assert.throws(() => fieldsOf(text), SyntaxError);
  });
}

Deno.test("what is no list is told", () => {
  for (const text of ["{}", "[1", "[1 2]", "[,]"]) {
    assert.throws(() => {
      const list = readList(text);
      while (list.next() !== undefined);
    }, SyntaxError);
  }
});

Deno.test("whatever JSON, its parts put together are what it was", () => {
  fc.assert(fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), (value) => {
    for (const space of ["", " ", "\n\t"]) {
      const text = latin1(JSON.stringify(value, null, space));
      assert.deepEqual(read(objectOf(fieldsOf(text))), read(text));
      const names: string[] = [];
      eachField(text, (name, from, to) => {
        names.push(name);
        const raw = text.slice(from, to);
        if (raw.startsWith("[")) assert.deepEqual(read(`[${elementsOf(raw).join()}]`), read(raw));
      });
      assert.equal(names.length, Object.keys(value).length);
    }
  }));
});
