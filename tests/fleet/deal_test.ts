import assert from "node:assert/strict";
import { deal, type Lot, sharesOf } from "../../fleet/deal.ts";

const takers = (...units: string[]) => units.map((unit) => ({ unit, weight: 1 }));
const lots = (text: string): Lot[] =>
  [...text].map((unit) => ({
    units: unit === "." ? [] : [unit.toLowerCase()],
    isFresh: unit !== unit.toLowerCase(),
  }));

Deno.test("sharesOf() rounds up first for who has more already, then by what is missing", () => {
  assert.deepEqual([...sharesOf(5, takers("a", "b"), new Map([["b", 5]]))], [["b", 3], ["a", 2]]);
  const weighted = [{ unit: "a", weight: 1 }, { unit: "b", weight: 2 }, { unit: "c", weight: 4 }];
  assert.deepEqual(
    new Map(sharesOf(10, weighted, new Map())),
    new Map([["a", 1], ["b", 3], ["c", 6]]),
  );
});

Deno.test("deal() leaves what is no more than a share, and hands the rest on in runs", () => {
  assert.equal(deal(lots("......"), takers("b", "a")).join(""), "aaabbb");
  assert.equal(deal(lots("aaaaaa"), takers("a", "b", "c")).join(""), "aabbcc");
  assert.equal(deal(lots("abcabc"), takers("a", "c")).join(""), "aacacc");
  assert.equal(deal(lots("xxab"), takers("a", "b")).join(""), "abab");
});

Deno.test("deal() gives a lot rather to another who has a part of it than to who has none", () => {
  const parts = Array.from({ length: 6 }, () => ({ units: ["a", "c"], isFresh: false }));
  assert.equal(deal(parts, takers("a", "b", "c")).join(""), "aaccbb");
});

Deno.test("deal() moves on rather what rests than what has just come", () => {
  assert.equal(deal(lots("aaAA"), takers("a", "b")).join(""), "bbaa");
});
