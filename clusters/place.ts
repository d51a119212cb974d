/**
 * The place of one built-in cluster or service: it is spawned, killed, and spawned again, and keeps
 * its number meanwhile.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import type { ClusterSnapshot } from "../protocol/status.ts";
import { superviseCluster, type SuperviseOptions, type Supervision } from "./supervision.ts";

/** How long a cluster may take to finish what it does before it is killed, where nobody says. */
export const CLUSTER_STOP_DEADLINE_MS = 10_000;

/** What an operator can do to a cluster or service. */
export interface ClusterControl {
  /** Starts it, unless it runs. */
  spawn(): void;
  /**
   * Ends it: it finishes what it does and its `shutdown()` is waited for; after `timeoutMs` (default
   * 10,000) it is killed, whatever it does. It stays away, and its events wait, until it is spawned.
   * While one is under way, another waits for that, with its deadline.
   */
  kill(timeoutMs?: number): Promise<void>;
  /** Ends it in the same way, and starts it again. Resolves when the new one has been started. */
  respawn(timeoutMs?: number): Promise<void>;
}

/** A place. Nothing runs in it before {@linkcode ClusterControl.spawn}. */
export class ClusterPlace implements ClusterControl {
  readonly #options: SuperviseOptions;
  #supervision: Supervision | null = null;
  #last: ClusterSnapshot;
  #stopping: Promise<void> | null = null;
  #linked = Promise.withResolvers<void>();
  #isLinked = false;
  #isOver = false;

  constructor(options: SuperviseOptions) {
    this.#options = options;
    const { clusterId } = options;
    this.#last = {
      clusterId,
      kind: "built in",
      state: "stopped",
      reason: "not started",
      restarts: 0,
    };
  }

  /** As seen from outside. */
  get snapshot(): ClusterSnapshot {
    return this.#supervision?.snapshot() ?? this.#last;
  }

  spawn(): void {
    if (this.#isOver) {
      throw new GatehouseError("refused", "caller", "Cannot spawn: the unit stops");
    }
    if (this.#stopping) {
      throw new GatehouseError("refused", "caller", "Cannot spawn: it is stopping");
    }
    if (this.#supervision) return;
    // The end of an earlier life's link may not have been noticed yet.
    this.#unlink();
    this.#supervision = superviseCluster({
      ...this.#options,
      onChange: (snapshot) => {
        this.#last = snapshot;
        this.#options.onChange(snapshot);
      },
    });
  }

  kill(timeoutMs: number = CLUSTER_STOP_DEADLINE_MS): Promise<void> {
    this.#stopping ??= this.#stop(timeoutMs).finally(() => this.#stopping = null);
    return this.#stopping;
  }

  async respawn(timeoutMs?: number): Promise<void> {
    await this.kill(timeoutMs);
    this.spawn();
  }

  /** Ends it for good. */
  async end(timeoutMs?: number): Promise<void> {
    this.#isOver = true;
    await this.kill(timeoutMs);
  }

  /** The hub says: its link is welcomed, or lost. */
  link(isUp: boolean): void {
    if (isUp) {
      this.#supervision?.linkUp();
      this.#isLinked = true;
      this.#linked.resolve();
    } else {
      this.#supervision?.linkDown("the event link is down");
      this.#unlink();
    }
  }

  /** Resolves when its link is up: that of this life, not of the one before. */
  get linked(): Promise<void> {
    return this.#linked.promise;
  }

  #unlink(): void {
    if (this.#isLinked) this.#linked = Promise.withResolvers();
    this.#isLinked = false;
  }

  async #stop(timeoutMs: number): Promise<void> {
    await this.#supervision?.stop(timeoutMs);
    this.#supervision = null;
  }
}
