import assert from "node:assert/strict";
import { endsPayload } from "../../gateway/inflater.ts";

Deno.test("endsPayload() finds the suffix of zlib-stream, at the end only", () => {
  assert.equal(endsPayload("zlib-stream", Uint8Array.of(1, 0, 0, 0xff, 0xff)), true);
  assert.equal(endsPayload("zlib-stream", Uint8Array.of(0, 0, 0xff, 0xff)), true);
  assert.equal(endsPayload("zlib-stream", Uint8Array.of(0, 0, 0xff, 0xff, 1)), false);
});

Deno.test("endsPayload() wants all four bytes of the suffix", () => {
  for (let at = 0; at < 4; at++) {
    const bytes = Uint8Array.of(0, 0, 0xff, 0xff);
    bytes[at]! ^= 1;
    assert.equal(endsPayload("zlib-stream", bytes), false, `byte ${at} is another`);
  }
});

Deno.test("endsPayload() does not take a message shorter than the suffix for one", () => {
  for (const bytes of [[], [0xff], [0, 0xff, 0xff]]) {
    assert.equal(endsPayload("zlib-stream", Uint8Array.from(bytes)), false);
  }
});

Deno.test("endsPayload() takes every other message as a payload of its own", () => {
  assert.equal(endsPayload("zstd-stream", Uint8Array.of(1)), true);
  assert.equal(endsPayload("none", Uint8Array.of(1)), true);
});
