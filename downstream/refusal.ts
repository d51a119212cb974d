/**
 * Why a client on `/gateway` is turned away, as its close frame tells it.
 *
 * @module
 */

/** Why a connection is closed, with a code of Discord's. */
export interface Refusal {
  /** See [Discord Docs/Gateway Close Event Codes](https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes). */
  readonly code: number;
  readonly reason: string;
}

/** A close frame holds no more. */
const MOST_REASON_BYTES = 123;

/** As much of a reason as a close frame holds, cut between two characters. */
export function closeReason(reason: string): string {
  const bytes = new Uint8Array(MOST_REASON_BYTES);
  const { written } = new TextEncoder().encodeInto(reason, bytes);
  return new TextDecoder().decode(bytes.subarray(0, written));
}
