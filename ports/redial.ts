/**
 * Connections to one far side, one after the other for ever: each has a deadline, and the next begins
 * later each time, until one has worked.
 *
 * @module
 */

import { type Cancel, within } from "./clock.ts";
import type { Random } from "./random.ts";
import type { Socket } from "./socket.ts";
import type { World } from "./world.ts";

/** From dialling to a connection that {@linkcode RedialOptions.isUp}. */
const UP_DEADLINE_MS = 10_000;
/** From our close frame to the peer's. */
const CLOSE_DEADLINE_MS = 2_000;
const FIRST_DELAY_MS = 250;
const LAST_DELAY_MS = 10_000;

/** What hears an open connection. */
export interface Line {
  text(text: string): void;
  /** Without it bytes are taken for text. */
  batch?(bytes: Uint8Array): void;
  closed(): void;
}

/** What dialling needs. */
export interface RedialOptions<Heard extends Line>
  extends Pick<World, "connect" | "clock" | "random"> {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A connection has opened. */
  readonly attach: (socket: Pick<Socket, "send" | "sendBytes" | "close">) => Heard;
  /** Whether it need not be given up, 10 s after it was dialled. */
  readonly isUp: (line: Heard | undefined) => boolean;
  /** Whether one that was closed did work, so that the failures before it count no more. */
  readonly didWork: (line: Heard, code: number, lastedMs: number) => boolean;
  /** It has ended, and the next one begins after so long. */
  readonly lost: (reason: string, delayMs: number, code: number | null) => void;
}

/**
 * Ends the dialling: at once, or with a close frame; then it resolves when the peer has answered that, or
 * has not for 2 s.
 */
export type HangUp = (close?: { readonly code: number; readonly reason: string }) => Promise<void>;

/** Dials at once, and again whenever the connection is lost. */
export function redial<Heard extends Line>(options: RedialOptions<Heard>): HangUp {
  const { url, headers, connect, clock, random, attach, isUp, didWork, lost } = options;
  let failures = 0;
  let socket: Socket | undefined;
  let line: Heard | undefined;
  let gone = Promise.withResolvers<void>();
  let isOver = false;
  /** Ends the deadline of this connection, or the pause before the next. */
  let cancel: Cancel = () => {};

  function after(ms: number, task: () => void): void {
    cancel();
    cancel = clock.after(ms, task);
  }

  function dial(): void {
    let openedMs = 0;
    gone = Promise.withResolvers();
    const own: Socket = socket = connect(url, {
      open() {
        openedMs = clock.now();
        line = attach({
          send: (text) => own.send(text),
          sendBytes: (bytes) => own.sendBytes(bytes),
          close(code, reason) {
            if (own !== socket) return;
            after(CLOSE_DEADLINE_MS, () => lose(`we closed: ${reason}`));
            own.close(code, reason);
          },
        });
      },
      message(data, isText) {
        if (isText || !line?.batch) line?.text(new TextDecoder().decode(data));
        else line.batch(data);
      },
      closed(code, reason) {
        if (line && didWork(line, code, clock.now() - openedMs)) failures = 0;
        lose(`closed with ${code}${reason && `: ${reason}`}`, code);
      },
      failed: (reason) => lose(reason),
    }, { headers });
    after(UP_DEADLINE_MS, () => {
      if (isUp(line)) return;
      lose(line ? "no welcome in time" : `no connection after ${UP_DEADLINE_MS} ms`);
    });
  }

  function lose(reason: string, code: number | null = null): void {
    gone.resolve();
    if (isOver) return;
    socket?.destroy();
    silence();
    socket = undefined;
    const delayMs = Math.round(redialDelayMs(++failures, random));
    lost(reason, delayMs, code);
    after(delayMs, dial);
  }

  function silence(): void {
    cancel();
    line?.closed();
    line = undefined;
  }

  dial();
  return async (close) => {
    isOver = true;
    silence();
    if (!close) return socket?.destroy();
    if (!socket) return;
    socket.close(close.code, close.reason);
    await within(clock, CLOSE_DEADLINE_MS, gone.promise);
  };
}

/**
 * How long to wait before a lost peer is dialled again after `failures` failures in a row, at least 1:
 * doubling, with jitter, so that many do not come back at once.
 */
export function redialDelayMs(failures: number, random: Random): number {
  const longest = Math.min(LAST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
  return longest * (0.5 + random() / 2);
}
