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
import { redialDelayMs } from "./dial.ts";
import type { Hub, LinkEvents } from "./hub.ts";

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
  let cancelRedial = () => {};

  function dial(): void {
    let link: LinkEvents | undefined;
    const own = socket = connect(url, {
      open() {
        failures = 0;
        link = hub.accept({
          send: (text) => own.send(text),
          sendBytes: (bytes) => own.sendBytes(bytes),
          close: (code, reason) => own.close(code, reason),
        }, clusterId);
      },
      message: (data) => link?.text(new TextDecoder().decode(data)),
      closed(code, reason) {
        link?.closed();
        redial(`closed with ${code}${reason && `: ${reason}`}`);
      },
      failed: redial,
    }, { headers });
  }

  function redial(reason: string): void {
    const delayMs = Math.round(redialDelayMs(++failures, random));
    log.warn("remote cluster cannot be reached", { clusterId, url: plain(url), reason, delayMs });
    cancelRedial = clock.after(delayMs, dial);
  }

  dial();
  return () => {
    cancelRedial();
    socket?.destroy();
  };
}

/** An address without what may be secret in it. */
function plain(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
