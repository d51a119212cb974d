import assert from "node:assert/strict";
import { payloadEnds } from "../../../gateway/inflate/inflater.ts";

const SUFFIX = [0, 0, 0xff, 0xff];

/** What is said of each message in turn. */
function ends(...messages: number[][]): boolean[] {
  const endsPayload = payloadEnds("zlib-stream");
  return messages.map((message) => endsPayload(Uint8Array.from(message)));
}

Deno.test("payloadEnds() finds the suffix of zlib-stream, at the end only", () => {
  assert.deepEqual(ends([1, ...SUFFIX]), [true]);
  assert.deepEqual(ends(SUFFIX), [true]);
  assert.deepEqual(ends([...SUFFIX, 1]), [false]);
  assert.deepEqual(ends([...SUFFIX, 1], SUFFIX), [false, true]);
});

Deno.test("payloadEnds() wants all four bytes of the suffix", () => {
  for (let at = 0; at < 4; at++) {
    const other = SUFFIX.with(at, 0x7f);
    assert.deepEqual(ends(other), [false], `byte ${at} is another`);
  }
  for (const short of [[], [0xff], [0xff, 0xff], [0, 0xff, 0xff]]) {
    assert.deepEqual(ends(short), [false]);
  }
});

Deno.test("payloadEnds() finds a suffix that comes in several messages", () => {
  assert.deepEqual(ends([9, 0], [0, 0xff, 0xff]), [false, true]);
  assert.deepEqual(ends([9, 9, 9, 9, 0, 0, 0xff], [0xff]), [false, true]);
  assert.deepEqual(ends([0], [0], [], [0xff], [0xff]), [false, false, false, false, true]);
});

Deno.test("payloadEnds() does not take one suffix for two", () => {
  assert.deepEqual(ends(SUFFIX, [], [0xff, 0xff], SUFFIX), [true, false, false, true]);
});

Deno.test("payloadEnds() takes every message of another kind as a payload of its own", () => {
  assert.equal(payloadEnds("zstd-stream")(Uint8Array.of(1)), true);
  assert.equal(payloadEnds("none")(Uint8Array.of(1)), true);
});
