/**
 * The lives of built-in clusters and services: what each is started with, and how it shows who it is.
 *
 * @module
 */

import { type ClusterKey, type PeerKey, peerText, type ServiceKey } from "../../protocol/peer.ts";
import { randomHex } from "../../ports/random.ts";
import type { RunningCluster } from "../../clusters/place.ts";
import type { Config } from "../../config/config.ts";
import type { Greeting } from "../../link/links.ts";
import type { Address } from "../../workers/pool.ts";

/** What is started: a cluster, or the service of that name. */
export interface Started {
  readonly peer: ClusterKey | ServiceKey;
  readonly module: string;
}

/** What starting them takes. */
export interface LivesOptions {
  readonly config: Pick<Config, "eventHandlerUrls" | "eventHandlerSecretKey">;
  /** Starts one that authenticates with `credential`. */
  readonly startCluster: (what: Started, credential: string) => RunningCluster;
  /** One has ended. */
  readonly ended: (peer: Started["peer"]) => void;
}

/** Credentials, one for each life, and whose they are. */
export class Lives {
  /** Of those that live now. */
  readonly credentials = new Map<string, Started["peer"]>();
  readonly #options: LivesOptions;
  /** Text of a peer → the credential of its newest life. */
  readonly #credentialOf = new Map<string, string>();

  constructor(options: LivesOptions) {
    this.#options = options;
  }

  /** Starts a cluster or service. */
  start(what: Started): RunningCluster {
    const credential = randomHex(24);
    this.credentials.set(credential, what.peer);
    this.#credentialOf.set(peerText(what.peer), credential);
    const running = this.#options.startCluster(what, credential);
    running.exited.then(() => {
      this.credentials.delete(credential);
      this.#options.ended(what.peer);
    });
    return running;
  }

  /** Where the workers bring a cluster its events; `null`: it does not listen for them. */
  addressOf(peer: PeerKey, { port, isDialled }: Greeting): Address | null {
    if (peer.kind !== "cluster") return null;
    const { eventHandlerUrls, eventHandlerSecretKey } = this.#options.config;
    const url = eventHandlerUrls[peer.id];
    // One that dials in has taken the place of the one that listens there.
    if (url !== undefined) return isDialled ? { url, secretKey: eventHandlerSecretKey } : null;
    const secretKey = this.#credentialOf.get(peerText(peer));
    if (port === null || secretKey === undefined) return null;
    return { url: `ws://127.0.0.1:${port}/`, secretKey };
  }
}
