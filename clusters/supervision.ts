/**
 * Keeps one built-in cluster running: starts it, and starts it again when it ends.
 *
 * @module
 */

import { messageOf } from "../protocol/errors.ts";
import type { ClusterSnapshot } from "../protocol/status.ts";
import type { Cancel, Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { type RunningCluster, whoIs } from "./handle.ts";
import { type Life, type LifeInput, stepLife, UNBORN } from "./life.ts";

/** What supervision needs. */
export interface SuperviseOptions {
  readonly clusterId: number;
  /** Name of a service. */
  readonly service?: string | undefined;
  /** Starts the cluster: `() => startCluster({ … })`. */
  readonly start: () => RunningCluster;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with each change of state. */
  readonly onChange: (snapshot: ClusterSnapshot) => void;
}

/** A cluster under supervision. */
export interface Supervision {
  snapshot(): ClusterSnapshot;
  /** The hub says: the cluster's link is welcomed. */
  linkUp(): void;
  /** The hub says: its link is lost. */
  linkDown(reason: string): void;
  /** Stops it for good. Resolves when it has ended, after `deadlineMs` at the latest by force. */
  stop(deadlineMs: number): Promise<void>;
}

/** Starts a cluster at once, and again whenever it ends, with growing delays in a crash loop. */
export function superviseCluster(options: SuperviseOptions): Supervision {
  return new ClusterSupervision(options);
}

class ClusterSupervision implements Supervision {
  readonly #options: SuperviseOptions;
  #life: Life = UNBORN;
  #running: RunningCluster | undefined;
  #restart: Cancel | undefined;

  constructor(options: SuperviseOptions) {
    this.#options = options;
    this.#step({ type: "start", nowMs: options.clock.now() });
  }

  snapshot(): ClusterSnapshot {
    const { state, reason, restarts } = this.#life;
    return { clusterId: this.#options.clusterId, kind: "built in", state, reason, restarts };
  }

  linkUp(): void {
    this.#step({ type: "link up" });
  }

  linkDown(reason: string): void {
    this.#step({ type: "link down", reason });
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#step({ type: "stop" });
    this.#restart?.();
    await this.#running?.stop(deadlineMs);
  }

  #step(input: LifeInput): void {
    const [life, effect] = stepLife(this.#life, input);
    const changed = life !== this.#life;
    this.#life = life;
    if (changed) this.#options.onChange(this.snapshot());
    if (effect?.type === "start") this.#start();
    if (effect?.type === "wait") this.#wait(effect.delayMs);
  }

  #start(): void {
    try {
      const running = this.#options.start();
      this.#running = running;
      running.exited.then(({ reason }) => this.#exited(reason));
    } catch (error) {
      this.#exited(messageOf(error));
    }
  }

  #exited(reason: string): void {
    this.#running = undefined;
    this.#step({ type: "exited", nowMs: this.#options.clock.now(), reason });
  }

  #wait(delayMs: number): void {
    const { clock, log } = this.#options;
    log.error("cluster has ended", {
      ...whoIs(this.#options),
      reason: this.#life.reason,
      restartInMs: delayMs,
    });
    this.#restart = clock.after(delayMs, () => this.#step({ type: "start", nowMs: clock.now() }));
  }
}
