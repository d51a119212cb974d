/**
 * The unit dials a cluster that listens, again and again: a cluster that is away has its events wait for
 * it. The unit itself dials those of `EVENT_HANDLER_URL`; its workers dial every cluster that they have events
 * for and that listens.
 *
 * @module
 */

import { LINK_CLOSE, UNIT_HEADER, WORKER_HEADER } from "../protocol/event_frame.ts";
import { peerFields, type PeerKey } from "../protocol/peer.ts";
import { redial, type RedialOptions } from "../ports/redial.ts";
import type { World } from "../ports/world.ts";
import type { LinkEvents, Links } from "./links.ts";

/** A connection that lasted this long has paid for the failures before it. */
const STABLE_AFTER_MS = 10_000;

/** What dialling a cluster needs. */
export interface CallOutOptions
  extends
    Pick<RedialOptions<LinkEvents>, "url" | "connect" | "clock" | "random">,
    Pick<World, "log"> {
  readonly peer: PeerKey;
  /** Sent as `Authorization`. */
  readonly secretKey: string | null;
  /** Which worker dials; nobody's id where the unit itself does. */
  readonly worker?: number;
  /** Name of the unit in its fleet; without it there is none. */
  readonly unit?: string;
  readonly links: Pick<Links, "accept">;
}

/** Dials at once, and again whenever the link is lost. The function returned ends it. */
export function callOut(options: CallOutOptions): () => void {
  const { peer, url, secretKey, worker, unit, links, log } = options;
  const hangUp = redial<LinkEvents>({
    ...options,
    headers: {
      ...(secretKey && { authorization: secretKey }),
      ...(worker !== undefined && { [WORKER_HEADER]: String(worker) }),
      ...(unit !== undefined && { [UNIT_HEADER]: unit }),
    },
    attach: (socket) => links.accept(socket, peer),
    isUp: (link) => link !== undefined,
    didWork: (_, _code, lastedMs) => lastedMs >= STABLE_AFTER_MS,
    lost(reason, delayMs, code) {
      // One that says goodbye is not missed.
      const level = code === LINK_CLOSE.GOING_AWAY ? "debug" : "warn";
      const about = { ...peerFields(peer), url: plain(url), reason, delayMs };
      log[level]("cluster cannot be reached", about);
    },
  });
  return () => void hangUp();
}

/** An address without what may be secret in it. */
function plain(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
