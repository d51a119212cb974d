import assert from "node:assert/strict";
import { constants, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { Deflate } from "../../../sim/gateway/deflate.ts";

const joined = (parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
const inflated = (pieces: Uint8Array[]) =>
  new Uint8Array(inflateRawSync(joined(pieces), { finishFlush: constants.Z_SYNC_FLUSH }));

Deno.test("any messages come out of an inflater as they went in", () => {
  const alphabet = fc.constantFrom(...[
    ...'abcde{}:,"',
    "again and again ",
    "ü😀",
    "x".repeat(300),
  ]);
  const text = fc.array(alphabet, { maxLength: 400 }).map((parts) => parts.join(""));
  const step = fc.record({ text, forget: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
      const deflate = new Deflate();
      const pieces = steps.map(({ text, forget }) => {
        if (forget) deflate.forget();
        return deflate.piece(new TextEncoder().encode(text));
      });
      const whole = steps.map(({ text }) => text).join("");
      assert.equal(new TextDecoder().decode(inflated(pieces)), whole);
    }),
    { numRuns: 100 },
  );
});

Deno.test("every length and distance is right, and every byte", () => {
  const deflate = new Deflate();
  const messages = [Uint8Array.from({ length: 256 }, (_, i) => i)];
  for (let length = 4; length < 270; length++) {
    const mark = [length, length >> 8, 255 - (length & 255), 7, length * 3];
    messages.push(Uint8Array.from([...mark, ...Array(length).fill(9), ...mark]));
  }
  for (let gap = 1; gap < 32_768; gap += 611) {
    const noise = Uint8Array.from({ length: gap }, (_, i) => Math.imul(i + gap, 0x9e3779b1) >>> 13);
    messages.push(noise, noise.subarray(0, 40), noise);
  }
  assert.deepEqual(inflated(messages.map((it) => deflate.piece(it))), joined(messages));
});

Deno.test("a message that was sent before is short, until the stream has forgotten it", () => {
  const deflate = new Deflate();
  const message = Uint8Array.from({ length: 1000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 17);
  const [first, second] = [deflate.piece(message), deflate.piece(message)];
  assert.ok(second.length < first.length / 20);
  deflate.forget();
  assert.ok(deflate.piece(message).length > first.length / 2);
});
