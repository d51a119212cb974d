/**
 * The links of one worker: it brings clusters that listen their events itself, and takes their
 * acknowledgements, without a word to the main thread, which only says who listens where.
 *
 * @module
 */

import { type CallOut, callOut, type CallOutOptions } from "../link/call_out.ts";
import { Links } from "../link/links.ts";
import { type PeerKey, peerText } from "../protocol/peer.ts";
import type { ToWorker, WorkerOptions } from "../protocol/worker_message.ts";
import type { World } from "../ports/world.ts";
import type { EventQueue } from "../queue/worker_queue.ts";

/** What the links of a worker need. */
export interface WorkerLinksOptions extends Pick<World, "clock" | "random" | "connect" | "log"> {
  readonly worker: Pick<WorkerOptions, "workerId" | "totalShards" | "stream" | "unit" | "posts">;
  readonly queue: Pick<EventQueue, "link" | "acknowledge">;
  /** A link came up or went down. */
  readonly linked: (peer: PeerKey, isUp: boolean) => void;
  /** Sends events to clusters that are POSTed to. Default: the runtime. */
  readonly post?: CallOutOptions["post"];
}

interface Dialled {
  readonly peer: PeerKey;
  readonly workers: number;
  readonly call: CallOut;
}

/** The links of one worker. */
export class WorkerLinks {
  readonly #options: WorkerLinksOptions;
  readonly #dialled = new Map<string, Dialled>();
  readonly #links: Links;

  constructor(options: WorkerLinksOptions) {
    this.#options = options;
    const { worker, queue, clock, linked } = options;
    this.#links = new Links({
      ...worker,
      clock,
      peers: () => [...this.#dialled.values()].map(({ peer }) => peer),
      link: (peer, link, { windowBytes }) => {
        const { workers = 1 } = this.#dialled.get(peerText(peer)) ?? {};
        queue.link(peer, link, Math.ceil(windowBytes / workers));
        linked(peer, link !== null);
      },
      acknowledged: (peer, link, { totalShards, cursors }) => {
        if (totalShards === worker.totalShards) queue.acknowledge(peer, link, cursors);
      },
    });
  }

  /** Dials a cluster from now on, at this address and at no other. */
  dial({ peer, url, secretKey, workers }: Extract<ToWorker, { type: "DIAL" }>): void {
    this.hangUp(peer);
    const { workerId: worker, unit, posts } = this.#options.worker;
    const call = callOut({
      ...this.#options,
      peer,
      url,
      secretKey,
      worker,
      posts,
      ...(unit !== undefined && { unit }),
      links: this.#links,
    });
    this.#dialled.set(peerText(peer), { peer, workers, call });
  }

  /** Dials a cluster no more; its events wait. */
  hangUp(peer: PeerKey): void {
    const key = peerText(peer);
    this.#dialled.get(key)?.call.hangUp();
    this.#dialled.delete(key);
  }

  /** Hands a batch to a cluster that was dialled; gives whether it was. */
  deliver(peer: PeerKey, link: number, batch: Uint8Array<ArrayBuffer>): boolean {
    return this.#links.deliver(peer, link, batch);
  }

  /** Whether an answer to a POST is waited for: a thread that naps would hold it up many times. */
  get isPosting(): boolean {
    return this.#dialled.values().some(({ call }) => call.isPosting);
  }

  /** Asks the clusters for their last acknowledgements; resolves when those are here that only an answer gives. */
  async bye(): Promise<void> {
    this.#links.bye("the worker stops");
    await Promise.all([...this.#dialled.values()].map(({ call }) => call.settled()));
  }

  /** Ends every link. */
  stop(): void {
    this.#links.stop("the worker stops");
    for (const { peer } of [...this.#dialled.values()]) this.hangUp(peer);
  }
}
