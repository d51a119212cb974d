/**
 * The unit dials a remote cluster at its `EVENT_HANDLER_URL`, again and again: a cluster that is
 * away has its events wait for it.
 *
 * @module
 */

import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Random } from "../ports/random.ts";
import type { Connect, Socket } from "../ports/socket.ts";
import { redialDelayMs } from "../ports/redial.ts";
import type { Hub, LinkEvents } from "./hub.ts";

/** From dialling to the open connection. */
const CONNECT_DEADLINE_MS = 10_000;
/** A connection that lasted this long has paid for the failures before it. */
const STABLE_AFTER_MS = 10_000;

/** What dialling a remote cluster needs. */
export interface CallOutOptions {
  readonly clusterId: number;
  readonly url: string;
  /** `EVENT_HANDLER_SECRET_KEY`, sent as `Authorization`. */
  readonly secretKey: string | null;
  readonly hub: Pick<Hub, "accept">;
  readonly connect: Connect;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Dials at once, and again whenever the link is lost. The function returned ends it. */
export function callOut(options: CallOutOptions): () => void {
  const { clusterId, url, secretKey, hub, connect, clock, random, log } = options;
  const headers: Record<string, string> = secretKey ? { authorization: secretKey } : {};
  let failures = 0;
  let socket: Socket | undefined;
  /** Ends the deadline of this call, or the pause before the next. */
  let cancelWait = () => {};

  function dial(): void {
    let link: LinkEvents | undefined;
    let openedMs = Infinity;
    const cancelDeadline = cancelWait = clock.after(CONNECT_DEADLINE_MS, () => {
      own.destroy();
      redial(`no connection after ${CONNECT_DEADLINE_MS} ms`);
    });
    const own = socket = connect(url, {
      open() {
        cancelDeadline();
        openedMs = clock.now();
        link = hub.accept({
          send: (text) => own.send(text),
          sendBytes: (bytes) => own.sendBytes(bytes),
          close: (code, reason) => own.close(code, reason),
        }, clusterId);
      },
      message: (data) => link?.text(new TextDecoder().decode(data)),
      closed(code, reason) {
        link?.closed();
        if (clock.now() - openedMs >= STABLE_AFTER_MS) failures = 0;
        redial(`closed with ${code}${reason && `: ${reason}`}`);
      },
      failed(reason) {
        cancelDeadline();
        redial(reason);
      },
    }, { headers });
  }

  function redial(reason: string): void {
    const delayMs = Math.round(redialDelayMs(++failures, random));
    log.warn("remote cluster cannot be reached", { clusterId, url: plain(url), reason, delayMs });
    cancelWait = clock.after(delayMs, dial);
  }

  dial();
  return () => {
    cancelWait();
    socket?.destroy();
  };
}

/** An address without what may be secret in it. */
function plain(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
