/**
 * The unit's end of an event link that the unit dials, as far as a test needs it.
 *
 * @module
 */

import {
  type LinkMessage,
  parseLinkMessage,
  UNIT_HEADER,
  WORKER_HEADER,
} from "../../protocol/event_frame.ts";
import type { Socket } from "../../ports/socket.ts";
import { webSocketConnect } from "../../ports/websocket/client.ts";

/** Dials a cluster on 127.0.0.1, perhaps as a worker, or as a unit of a fleet. `next()` gives what it says, `closed <code>` or `refused`. */
export function dialCluster(
  port: number,
  secretKey: string,
  worker?: number | string,
  unit?: string,
): { socket: Socket; next: () => Promise<LinkMessage | string> } {
  const said: (LinkMessage | string)[] = [];
  const waiting: ((word: LinkMessage | string) => void)[] = [];
  const hear = (word: LinkMessage | string) => {
    const next = waiting.shift();
    if (next) next(word);
    else said.push(word);
  };
  const socket = webSocketConnect()(`ws://127.0.0.1:${port}/`, {
    open() {},
    message: (data) => hear(parseLinkMessage(new TextDecoder().decode(data))),
    closed: (code) => hear(`closed ${code}`),
    failed: () => hear("refused"),
  }, {
    headers: {
      authorization: secretKey,
      ...(worker !== undefined && { [WORKER_HEADER]: String(worker) }),
      ...(unit !== undefined && { [UNIT_HEADER]: unit }),
    },
  });
  const next = () => {
    const word = said.shift();
    return word !== undefined
      ? Promise.resolve(word)
      : new Promise<LinkMessage | string>((resolve) => waiting.push(resolve));
  };
  return { socket, next };
}
