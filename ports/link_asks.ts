/**
 * {@linkcode Asks} over the event link: calls and their replies, the same at both ends.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import type { LinkCall, LinkReply } from "../protocol/link_call.ts";
import { decodeValue, type WireValue } from "../protocol/value.ts";
import { decodeError, encodeError } from "../protocol/wire_error.ts";
import { answer, Asks } from "./asks.ts";
import type { Clock } from "./clock.ts";

/** Calls of one other side, by whose name they are asked; they reject with what it threw, `deadline` or `away`. */
export function linkAsks(clock: Clock): Asks<LinkReply> {
  return new Asks<LinkReply>(clock, {
    read(reply) {
      if ("error" in reply) throw decodeError(reply.error);
      return decodeValue(reply.value);
    },
    late(whom, timeoutMs) {
      const text = `Cannot get an answer from ${whom}: none within ${timeoutMs} ms`;
      return new GatehouseError("deadline", "peer", text, { timeoutMs });
    },
    gone: (reason) => new GatehouseError("away", "peer", `Cannot get an answer: ${reason}`),
  });
}

/** How a call is answered. */
export interface Answering {
  /** Does what is asked for. */
  readonly work: () => unknown;
  /** Writes what came of it, where a reply is wanted. */
  readonly encode: (value: unknown) => WireValue;
  readonly send: (reply: LinkReply) => void;
  /** The work failed and nobody wants a reply. */
  readonly unheard: (thrown: unknown) => void;
}

/** Answers a call whatever becomes of it: see {@linkcode answer}. */
export async function replyTo(
  { id, receptive }: LinkCall,
  { work, encode, send, unheard }: Answering,
): Promise<void> {
  if (receptive) {
    const reply = { op: "reply", id } as const;
    return await answer<LinkReply>(
      async () => ({ ...reply, value: encode(await work()) }),
      (thrown) => ({ ...reply, error: encodeError(thrown) }),
      send,
    );
  }
  try {
    await work();
  } catch (error) {
    unheard(error);
  }
}
