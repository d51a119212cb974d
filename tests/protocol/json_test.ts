import assert from "node:assert/strict";
import { MOST_LEVELS, parseJson } from "../../protocol/json.ts";

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
