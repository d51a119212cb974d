/**
 * Who sends a POST, and that nothing in it was changed: signed as
 * [Standard Webhooks](https://www.standardwebhooks.com) have it, for which there is a library in most languages.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";

/** What begins a secret that is bytes in base64, as their libraries make them. */
const BASE64_PREFIX = "whsec_";

/**
 * The headers of a POST that say which it is, when it was sent, and that it is ours. Without a secret it is not
 * signed.
 *
 * @param secretKey What begins with `whsec_` is bytes in base64; anything else its own letters.
 * @param id The same each time the same batch is sent.
 * @param epochMs Now.
 */
export function signedHeaders(
  secretKey: string | null,
  id: string,
  epochMs: number,
  body: Uint8Array,
): Record<string, string> {
  const timestamp = String(Math.floor(epochMs / 1_000));
  const headers = { "webhook-id": id, "webhook-timestamp": timestamp };
  if (secretKey === null) return headers;
  const signature = createHmac("sha256", keyOf(secretKey))
    .update(`${id}.${timestamp}.`).update(body).digest("base64");
  return { ...headers, "webhook-signature": `v1,${signature}` };
}

function keyOf(secretKey: string): Uint8Array {
  return secretKey.startsWith(BASE64_PREFIX)
    ? Buffer.from(secretKey.slice(BASE64_PREFIX.length), "base64")
    : new TextEncoder().encode(secretKey);
}
