import assert from "node:assert/strict";
import { ed25519Verifier } from "../../ports/ed25519.ts";

/** The first example of RFC 8032, 7.1, that signs something. */
const KEY = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
const SIGNATURE = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
const SIGNED = Uint8Array.of(0x72);

Deno.test("ed25519Verifier() knows a signature of its key, and no other", async () => {
  const verify = ed25519Verifier(KEY);
  assert.equal(await verify(SIGNATURE, SIGNED), true);
  assert.equal(await verify(SIGNATURE.toUpperCase(), SIGNED), true);
  assert.equal(await verify(SIGNATURE, Uint8Array.of(0x73)), false);
  assert.equal(await verify(SIGNATURE.replace(/^92/, "93"), SIGNED), false);
  assert.equal(await ed25519Verifier(KEY.replace(/^3d/, "3e"))(SIGNATURE, SIGNED), false);
});

Deno.test("ed25519Verifier() takes what is no signature, or no key, for a wrong one", async () => {
  for (const wrong of ["", "00", "x".repeat(128), `${SIGNATURE}00`]) {
    assert.equal(await ed25519Verifier(KEY)(wrong, SIGNED), false);
  }
  assert.equal(await ed25519Verifier("ff".repeat(32))(SIGNATURE, SIGNED), false);
});
