/**
 * A WebSocket that we opened, as the gateway sees it.
 *
 * @module
 */

/**
 * What happens to a socket. `closed` or `failed` comes exactly once and last; after
 * {@linkcode Socket.destroy} nothing comes any more.
 */
export interface SocketEvents {
  open(): void;
  /** A whole message, text or binary. The bytes are the receiver's for the length of the call only. */
  message(data: Uint8Array, isText: boolean): void;
  /** The peer's close frame, or 1006 where the connection broke without one. */
  closed(code: number, reason: string): void;
  /** It never opened: refused, unreachable, not a WebSocket, a status other than 101. */
  failed(reason: string): void;
}

/** A socket of ours. */
export interface Socket {
  /** Sends text; dropped silently when the socket is not open. */
  send(text: string): void;
  /** Sends bytes; dropped silently when the socket is not open. */
  sendBytes(bytes: Uint8Array): void;
  /** Starts the closing handshake. `closed` follows if the peer answers; nothing else promises it. */
  close(code: number, reason: string): void;
  /** Ends the connection at once, whatever the peer does. Safe to call in any state. */
  destroy(): void;
  /**
   * Stops reading, or goes on (`false`): what the peer sends meanwhile waits with it, its close frame
   * among it. What was read before may still come; sending goes on. Nothing happens before it is open.
   */
  pause(isPaused: boolean): void;
  /** Bytes accepted by `send` that the kernel has not taken yet. */
  readonly bufferedBytes: number;
}

/** Opens a socket. Never throws: what goes wrong is told by `failed`. */
export type Connect = (
  url: string,
  events: SocketEvents,
  options?: { readonly headers?: Readonly<Record<string, string>> },
) => Socket;
