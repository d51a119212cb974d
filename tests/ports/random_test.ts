import assert from "node:assert/strict";
import { randomHex, seededRandom, systemRandom } from "../../ports/random.ts";

const take = (random: () => number, count: number) => Array.from({ length: count }, random);

Deno.test("seededRandom() gives the same numbers for the same seed, and others for another", () => {
  assert.deepEqual(take(seededRandom(7), 100), take(seededRandom(7), 100));
  assert.notDeepEqual(take(seededRandom(7), 100), take(seededRandom(8), 100));
});

Deno.test("every Random is at least 0, below 1, and spread over that", () => {
  for (const random of [seededRandom(1), systemRandom]) {
    const numbers = take(random, 10_000);
    assert(numbers.every((number) => number >= 0 && number < 1));
    const tenths = new Set(numbers.map((number) => Math.floor(number * 10)));
    assert.equal(tenths.size, 10);
  }
});

Deno.test("randomHex() has two digits per byte and does not repeat", () => {
  assert.match(randomHex(16), /^[0-9a-f]{32}$/);
  assert.equal(new Set(Array.from({ length: 1000 }, () => randomHex(16))).size, 1000);
});
