import assert from "node:assert/strict";
import { MOST_LEVELS, parseExact, parseJson, writeExact } from "../../protocol/json.ts";

const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

Deno.test("parseJson() takes so many levels, and says of more that they are too many", () => {
  assert.equal(JSON.stringify(parseJson(deep(MOST_LEVELS))), deep(MOST_LEVELS));
  for (
    const text of [deep(MOST_LEVELS + 1), "[".repeat(50_000_000), '{"a":'.repeat(1_000_000)]
  ) {
    assert.throws(() => parseJson(text), { name: "SyntaxError", message: /more than 1024 levels/ });
  }
});

Deno.test("parseJson() does not count what stands in texts, nor what is side by side", () => {
  const texts = ["[".repeat(2_000), '"{"'.repeat(2_000), "\\".repeat(2_001) + "[".repeat(2_000)];
  for (const value of [texts, { [texts[1]!]: 1 }, Array(2_000).fill([{}])]) {
    assert.deepEqual(parseJson(JSON.stringify(value)), value);
  }
});

Deno.test("parseJson() tells what is not JSON as JSON.parse() does", () => {
  for (const text of ["", "nope", `"${"a".repeat(2_000)}`, `{"${"\\\\\\".repeat(700)}"`]) {
    assert.throws(() => parseJson(text), SyntaxError);
  }
});

const LARGE =
  '{"a":1575987154213928974,"b":[-9007199254740993, 18446744073709551615],"c":{"d":12}}';

Deno.test("parseExact() and writeExact() keep whole numbers that no number holds, and change no other", () => {
  assert.deepEqual(parseExact(LARGE), {
    a: 1575987154213928974n,
    b: [-9007199254740993n, 18446744073709551615n],
    c: { d: 12 },
  });
  assert.equal(writeExact(parseExact(LARGE)), LARGE.replace(", ", ","));
  for (const text of ["9007199254740991", "-0.5", "1e400", "12345678901234567.5", '"1e5"', "[]"]) {
    assert.deepEqual(parseExact(text), JSON.parse(text), text);
  }
  assert.equal(parseExact(" -9007199254740993"), -9007199254740993n);
  const inText = '{"a":"x: 1575987154213928974, ","__proto__":{"b":1575987154213928974}}';
  assert.equal(writeExact(parseExact(inText)), inText);
});

Deno.test("parseExact() carries across postMessage, and refuses what parseJson() refuses", () => {
  assert.equal(writeExact(structuredClone(parseExact(LARGE))), LARGE.replace(", ", ","));
  for (
    const text of ["", '{"a":1575987154213928974', `[${deep(MOST_LEVELS)},1575987154213928974]`]
  ) {
    assert.throws(() => parseExact(text), SyntaxError);
  }
});
