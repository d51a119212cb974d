import assert from "node:assert/strict";
import fc from "fast-check";
import {
  firstOf,
  GATEWAY_URL,
  idsOf,
  LIST,
  OBJECT,
  sequenceOf,
  SESSION_ID,
  usable,
  wholeNumber,
} from "../../../protocol/discord/field.ts";

Deno.test("usable() gives a field of its kind, and else tells what is wrong and what is taken", () => {
  const told: string[][] = [];
  const note = (...it: string[]) => void told.push(it);
  assert.equal(usable({ a: 3 }, "a", wholeNumber(1, 3), 1, note), 3);
  assert.deepEqual(told, []);
  assert.equal(usable({ a: 4 }, "a", wholeNumber(1, 3), 1, note), 1);
  assert.equal(usable({}, "list", LIST, null, note), null);
  assert.equal(usable({ id: "x".repeat(3_000) }, "id", SESSION_ID, null, note), null);
  assert.deepEqual(told, [
    ["a is 4, expected a whole number from 1 to 3", "1"],
    ["list is undefined, expected a list", "nothing"],
    [`id is "${"x".repeat(80)}" and more, expected ${SESSION_ID.wanted}`, "nothing"],
  ]);
});

Deno.test("each kind takes what is one, and nothing else", () => {
  const isOne = (kind: { isOne(value: unknown): boolean }, ...values: unknown[]) =>
    values.map((value) => kind.isOne(value));
  const [YES, NO] = [true, false];
  assert.deepEqual(isOne(wholeNumber(0, 9), 0, 9, -1, 10, 0.5, "1", null), [
    ...[YES, YES],
    ...[NO, NO, NO, NO, NO],
  ]);
  assert.deepEqual(isOne(OBJECT, {}, [], null, "x"), [YES, NO, NO, NO]);
  assert.deepEqual(isOne(LIST, [], {}, null, "x"), [YES, NO, NO, NO]);
  assert.deepEqual(isOne(SESSION_ID, "s", "", 7, null), [YES, NO, NO, NO]);
  const good = ["wss://gateway.discord.gg", "ws://127.0.0.1:4000/path?x=1", "wss://[::1]:8/"];
  assert.deepEqual(isOne(GATEWAY_URL, ...good), good.map(() => YES));
  const bad = ["::", "wss://", "https://x", "//x", "", "wss://u:p@x", "wss://[::", 7, null, [good]];
  assert.deepEqual(
    isOne(GATEWAY_URL, ...bad, `wss://x/${"x".repeat(3_000)}`),
    [...bad, 0].map(() => NO),
  );
});

Deno.test("a GATEWAY_URL is always one that a URL can be made of", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl({ validSchemes: ["ws", "wss"] })), (text) => {
      if (GATEWAY_URL.isOne(text)) assert.match(new URL(text).protocol, /^wss?:$/);
    }),
  );
});

Deno.test("sequenceOf() gives a number that an event can have, and else null", () => {
  for (const s of [0, 1, 7, 2 ** 40]) assert.equal(sequenceOf(s), s);
  for (const s of [-1, 0.5, 2 ** 40 + 1, 1e300, NaN, "7", null, undefined, {}]) {
    assert.equal(sequenceOf(s), null);
  }
});

Deno.test("firstOf() gives the number of a READY that is near the first, and else the first", () => {
  for (const s of [0, 1, 7, 1_000]) assert.equal(firstOf(s), s);
  for (const s of [null, undefined, "1", -1, 0.5, 1_001, 1e300]) assert.equal(firstOf(s), 1);
});

Deno.test("idsOf() leaves out what has no id", () => {
  assert.deepEqual(idsOf([{ id: "1" }, null, { id: 2 }, [], "3", { id: "4", x: 1 }]), ["1", "4"]);
});
