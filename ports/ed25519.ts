/**
 * Signatures as Discord makes them: Ed25519, in hexadecimal.
 *
 * @module
 */

/** Whether a signature (in hexadecimal) is one of these bytes. Never rejects. */
export type VerifySignature = (
  signature: string,
  signed: Uint8Array<ArrayBuffer>,
) => Promise<boolean>;

/** By a public key: 64 hexadecimal digits. One that is none, as a point, verifies nothing. */
export function ed25519Verifier(publicKey: string): VerifySignature {
  const key = crypto.subtle
    .importKey("raw", bytesOf(publicKey), "Ed25519", false, ["verify"])
    .catch(() => null);
  return async (signature, signed) => {
    if (!/^[\da-f]{128}$/i.test(signature)) return false;
    const own = await key;
    if (own === null) return false;
    return await crypto.subtle.verify("Ed25519", own, bytesOf(signature), signed)
      .catch(() => false);
  };
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(hex);
}
