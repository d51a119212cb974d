import assert from "node:assert/strict";
import fc from "fast-check";
import { Slab } from "../../queue/slab.ts";

Deno.test("Slab gives copies: the bytes are the caller's again", () => {
  const slab = new Slab();
  const shared = new TextEncoder().encode("first");
  const copy = slab.copy(shared, 0);
  shared.fill(0);
  assert.equal(new TextDecoder().decode(copy), "first");
});

Deno.test("Slab gives one that is large beside what is kept memory of its own, and no more", () => {
  const slab = new Slab();
  assert.equal(slab.copy(new Uint8Array(100), 199).buffer.byteLength, 100);
  assert.equal(slab.copy(new Uint8Array(100), 200).buffer.byteLength, 200);
  assert.equal(slab.copy(new Uint8Array(70_000), Infinity).buffer.byteLength, 70_000);
});

Deno.test("Slab lets go of what it has begun", () => {
  const slab = new Slab();
  const first = slab.copy(Uint8Array.of(1), 1_000);
  slab.clear();
  assert.notEqual(slab.copy(Uint8Array.of(2), 1_000).buffer, first.buffer);
});

Deno.test("whatever is copied stays what it was", () => {
  const piece = fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.nat(2_000));
  fc.assert(fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
    const slab = new Slab();
    const copies = pieces.map(([payload, mostBytes]) => slab.copy(payload, mostBytes));
    for (const [i, [payload]] of pieces.entries()) assert.deepEqual(copies[i], payload);
  }));
});
