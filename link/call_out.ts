/**
 * The unit dials a cluster that listens, again and again: a cluster that is away has its events wait for
 * it. The unit itself dials those of `EVENT_HANDLER_URL`; its workers dial every cluster that they have events
 * for and that listens.
 *
 * @module
 */

import { LINK_CLOSE, UNIT_HEADER, WORKER_HEADER } from "../protocol/event_frame.ts";
import { type ClusterKey, peerFields, type PeerKey } from "../protocol/peer.ts";
import { fetchPost, type HttpPost } from "../ports/http/post.ts";
import { randomHex } from "../ports/random.ts";
import { plainUrl } from "../ports/redact.ts";
import { type HangUp, redial, type RedialOptions } from "../ports/redial.ts";
import type { World } from "../ports/world.ts";
import type { LinkEvents, Links } from "./links.ts";
import { PostOut, type PostSettings } from "./post/post_out.ts";

/** A connection that lasted this long has paid for the failures before it. */
const STABLE_AFTER_MS = 10_000;

/** What dialling a cluster needs. */
export interface CallOutOptions
  extends
    Pick<RedialOptions<LinkEvents>, "url" | "connect" | "clock" | "random">,
    Pick<World, "log"> {
  readonly peer: PeerKey;
  /** Sent as `Authorization`; to one that is POSTed to, what the POSTs are signed with. */
  readonly secretKey: string | null;
  /** Which worker dials; nobody's id where the unit itself does. */
  readonly worker?: number;
  /** Name of the unit in its fleet; without it there is none. */
  readonly unit?: string;
  readonly links: Pick<Links, "accept" | "acknowledge" | "stream">;
  /** Of POSTs, to one whose address begins with `http`. */
  readonly posts: PostSettings;
  /** Default: the runtime's. */
  readonly post?: HttpPost | undefined;
}

/** A cluster that is dialled. */
export interface CallOut {
  /** Whether an answer is waited for that takes this thread several turns to read. */
  readonly isPosting: boolean;
  /** Resolves when nothing is under way that only an answer would acknowledge; brings nothing more. */
  settled(): Promise<void>;
  /** Ends it. */
  hangUp(): void;
}

/** Dials at once, and again whenever the link is lost; or POSTs, where the address is one for that. */
export function callOut(options: CallOutOptions): CallOut {
  const { peer, url } = options;
  if (peer.kind === "cluster" && isPostUrl(url)) return postOut(options, peer);
  const hangUp = dialOut(options);
  return { isPosting: false, settled: () => Promise.resolve(), hangUp: () => void hangUp() };
}

/** Whether events go to this address by POST. */
export function isPostUrl(url: string): boolean {
  return /^https?:/i.test(url);
}

function dialOut(options: CallOutOptions): HangUp {
  const { peer, url, secretKey, links, log } = options;
  return redial<LinkEvents>({
    ...options,
    headers: { ...(secretKey && { authorization: secretKey }), ...whoCalls(options) },
    attach: (socket) => links.accept(socket, peer),
    isUp: (link) => link !== undefined,
    didWork: (_, _code, lastedMs) => lastedMs >= STABLE_AFTER_MS,
    lost(reason, delayMs, code) {
      // One that says goodbye is not missed.
      const level = code === LINK_CLOSE.GOING_AWAY ? "debug" : "warn";
      const about = { ...peerFields(peer), url: plainUrl(url), reason, delayMs };
      log[level]("cluster cannot be reached", about);
    },
  });
}

function postOut(options: CallOutOptions, peer: ClusterKey): PostOut {
  const { url, posts, post = fetchPost, log } = options;
  return new PostOut({
    ...options,
    ...posts,
    peer,
    post,
    headers: whoCalls(options),
    newId: () => randomHex(16),
    failed({ kind, batchId, ...why }) {
      const about = { ...peerFields(peer), url: plainUrl(url), ...why, ...batchId && { batchId } };
      if (kind === "later") log.warn("cluster cannot be reached", about);
      else log.error("cluster refuses its events; they wait", about);
    },
  });
}

function whoCalls({ worker, unit }: CallOutOptions): Record<string, string> {
  return {
    ...(worker !== undefined && { [WORKER_HEADER]: String(worker) }),
    ...(unit !== undefined && { [UNIT_HEADER]: unit }),
  };
}
