/**
 * The unit dials a cluster that listens, again and again: a cluster that is away has its events wait for
 * it. The unit itself dials those of `EVENT_HANDLER_URL`; its workers dial every cluster that they have events
 * for and that listens.
 *
 * @module
 */

import { LINK_CLOSE, WORKER_HEADER } from "../protocol/event_frame.ts";
import { peerFields, type PeerKey } from "../protocol/peer.ts";
import { redialDelayMs } from "../ports/random.ts";
import type { Socket } from "../ports/socket.ts";
import type { World } from "../ports/world.ts";
import type { LinkEvents, Links } from "./links.ts";

/** From dialling to the open connection. */
const CONNECT_DEADLINE_MS = 10_000;
/** A connection that lasted this long has paid for the failures before it. */
const STABLE_AFTER_MS = 10_000;

/** What dialling a cluster needs. */
export interface CallOutOptions extends Pick<World, "connect" | "clock" | "random" | "log"> {
  readonly peer: PeerKey;
  readonly url: string;
  /** Sent as `Authorization`. */
  readonly secretKey: string | null;
  /** Which worker dials; nobody's id where the unit itself does. */
  readonly worker?: number;
  readonly links: Pick<Links, "accept">;
}

/** Dials at once, and again whenever the link is lost. The function returned ends it. */
export function callOut(options: CallOutOptions): () => void {
  const { peer, url, secretKey, worker, links, connect, clock, random, log } = options;
  const headers = {
    ...(secretKey && { authorization: secretKey }),
    ...(worker !== undefined && { [WORKER_HEADER]: String(worker) }),
  };
  let failures = 0;
  let socket: Socket | undefined;
  let link: LinkEvents | undefined;
  /** Ends the deadline of this call, or the pause before the next. */
  let cancelWait = () => {};

  function dial(): void {
    let openedMs = Infinity;
    const cancelDeadline = cancelWait = clock.after(CONNECT_DEADLINE_MS, () => {
      own.destroy();
      redial(`no connection after ${CONNECT_DEADLINE_MS} ms`);
    });
    const own = socket = connect(url, {
      open() {
        cancelDeadline();
        openedMs = clock.now();
        link = links.accept({
          send: (text) => own.send(text),
          sendBytes: (bytes) => own.sendBytes(bytes),
          close: (code, reason) => own.close(code, reason),
        }, peer);
      },
      message: (data) => link?.text(new TextDecoder().decode(data)),
      closed(code, reason) {
        link?.closed();
        link = undefined;
        if (clock.now() - openedMs >= STABLE_AFTER_MS) failures = 0;
        // One that says goodbye is not missed.
        const level = code === LINK_CLOSE.GOING_AWAY ? "debug" : "warn";
        redial(`closed with ${code}${reason && `: ${reason}`}`, level);
      },
      failed(reason) {
        cancelDeadline();
        redial(reason);
      },
    }, { headers });
  }

  function redial(reason: string, level: "debug" | "warn" = "warn"): void {
    const delayMs = Math.round(redialDelayMs(++failures, random));
    log[level]("cluster cannot be reached", {
      ...peerFields(peer),
      url: plain(url),
      reason,
      delayMs,
    });
    cancelWait = clock.after(delayMs, dial);
  }

  dial();
  return () => {
    cancelWait();
    socket?.destroy();
    link?.closed();
  };
}

/** An address without what may be secret in it. */
function plain(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
