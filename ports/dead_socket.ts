/**
 * The socket of a connection that could not even be tried.
 *
 * @module
 */

import { messageOf } from "../protocol/errors.ts";
import type { Socket, SocketEvents } from "./socket.ts";

/** A socket that fails with `thrown` as soon as its owner has it, unless it is destroyed before. */
export function deadSocket(events: Pick<SocketEvents, "failed">, thrown: unknown): Socket {
  let over = false;
  queueMicrotask(() => {
    if (!over) events.failed(messageOf(thrown));
  });
  return {
    send() {},
    sendBytes() {},
    close() {},
    destroy() {
      over = true;
    },
    bufferedBytes: 0,
  };
}
