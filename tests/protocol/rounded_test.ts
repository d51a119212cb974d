import assert from "node:assert/strict";
import { rounded } from "../../protocol/rounded.ts";

Deno.test("rounded() leaves three decimals, and whole numbers as they are", () => {
  const figures = [0.6820889999980864, 38.4995, -1.0004, 2 ** 53 - 1, 0, Infinity];
  assert.deepEqual(figures.map(rounded), [0.682, 38.5, -1, 2 ** 53 - 1, 0, Infinity]);
  assert.equal(rounded(null), null);
});
