/**
 * The place of one built-in cluster or service, be it a process or a thread: it is spawned, killed, and
 * spawned again, and keeps its number meanwhile.
 *
 * @module
 */

import { cannot, GatehouseError, messageOf } from "../protocol/errors.ts";
import type { ClusterSnapshot } from "../protocol/status.ts";
import { type Policy, type State, Supervision } from "../ports/lives/supervision.ts";
import type { World } from "../ports/world.ts";
import { peerFields, peerText } from "../protocol/peer.ts";
import type { ClusterSettings } from "./inside/run.ts";

const refused = cannot("spawn", "refused", "caller");

/**
 * A cluster that ends is started again for ever: at once when it ran for a minute, then later each time.
 * The ends of a crash loop are two minutes apart at most, so an hour holds more than there are delays.
 */
export const CLUSTER_POLICY: Policy = {
  delaysMs: [0, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000],
  windowMs: 60 * 60 * 1000,
  stableMs: 60_000,
  budget: Infinity,
};

const SEEN: Readonly<Record<State["kind"], ClusterSnapshot["state"]>> = {
  stopped: "stopped",
  starting: "starting",
  up: "connected",
  away: "away",
  stopping: "stopped",
  "backing off": "backing off",
  failed: "stopped",
};

/** How long a cluster may take to finish what it does before it is killed, where nobody says. */
export const CLUSTER_STOP_DEADLINE_MS = 10_000;

/** What it takes to start a built-in cluster. */
export interface StartClusterOptions extends ClusterSettings, Pick<World, "clock"> {
  /** `CLUSTER_PERMISSIONS`: flags of Deno beside the unit's address. */
  readonly permissions: readonly string[];
  /** The unit's environment, of which a cluster gets what its permissions name. */
  readonly env: Readonly<Record<string, string>>;
  /** Gets its lines, each with its `clusterId` or `service`. */
  readonly log: World["log"];
}

/** How a cluster ended. */
export interface ClusterExit {
  /** Exit code; `null` where a signal ended it, or nobody knows. */
  readonly code: number | null;
  /** In a person's words; the cluster's own last words where it had some. */
  readonly reason: string;
  /** Of the error that ended it, where it told one. */
  readonly stack?: string;
}

/** A cluster that was started. */
export interface RunningCluster {
  /** Resolves when it has ended; never rejects. */
  readonly exited: Promise<ClusterExit>;
  /** Resolves when its module has been loaded and exports a bot; stays open where that fails. */
  readonly loaded: Promise<void>;
  /**
   * Asks it to stop (handlers under way, then the bot's `shutdown()`) and ends it by force after
   * `deadlineMs`. Resolves when it has ended. A thread that is busy cannot be ended: that is logged
   * as an error, and counts as ended.
   */
  stop(deadlineMs: number): Promise<void>;
}

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

/** How things stand with who has the place. */
export type PlaceSnapshot = Omit<ClusterSnapshot, "clusterId" | "kind">;

/** What names the module of a place. */
type Setting = "BOT_MODULE" | "SERVICES";

/** What a place needs. */
export interface PlaceOptions extends Pick<ClusterSettings, "peer">, Pick<World, "clock" | "log"> {
  /** The setting that names the module. */
  readonly setting: Setting;
  /** Starts the cluster: `() => startCluster({ … })`. */
  readonly start: () => RunningCluster;
  /** Called with each change of state. */
  readonly onChange: (snapshot: PlaceSnapshot) => void;
  /** Its module cannot be loaded, and never could: the place is given up. */
  readonly refused: (error: GatehouseError) => void;
}

/** A place. Nothing runs in it before {@linkcode ClusterControl.spawn}. */
export class ClusterPlace implements ClusterControl {
  readonly #options: PlaceOptions;
  readonly #supervision: Supervision;
  #running: RunningCluster | null = null;
  #stopping = Promise.resolve();
  readonly #loaded = Promise.withResolvers<void>();
  #linked = Promise.withResolvers<void>();
  #isLinked = false;
  #isOver = false;
  /** Of the life that ended last. */
  #stack: string | undefined;

  constructor(options: PlaceOptions) {
    this.#options = options;
    const { clock, log, peer, onChange, setting, refused } = options;
    this.#supervision = new Supervision({
      clock,
      policy: CLUSTER_POLICY,
      start: () => this.#start(),
      end: (reason, deadlineMs) => this.#stopping = this.#stop(this.#running!, reason, deadlineMs),
      lost: (reason, restartInMs) => {
        const fields = { ...peerFields(peer), reason, restartInMs };
        log.error("cluster has ended", { ...fields, ...(this.#stack && { stack: this.#stack }) });
      },
      refused: (reason) => {
        const text = `Cannot start ${peerText(peer)} (${setting}): ${reason}`;
        refused(new GatehouseError("bad_config", "caller", text, { setting }));
      },
      changed: (state, before) => {
        // That it is stopped was told when it was asked to be.
        if (before.kind !== "stopping" && state.kind !== before.kind) onChange(this.snapshot);
      },
    });
  }

  /** As seen from outside. */
  get snapshot(): PlaceSnapshot {
    const { kind, reason, restarts } = this.#supervision.state;
    return { state: SEEN[kind], reason, restarts };
  }

  spawn(): void {
    if (this.#isOver) throw refused("the unit stops");
    const { kind } = this.#supervision.state;
    if (kind === "stopping") throw refused("it is stopping");
    if (kind !== "stopped" && kind !== "failed") return;
    // The end of an earlier life's link may not have been noticed yet.
    this.#unlink();
    this.#supervision.take({ kind: "start" });
  }

  async kill(timeoutMs: number = CLUSTER_STOP_DEADLINE_MS): Promise<void> {
    this.#supervision.take({ kind: "stop", reason: "asked to", deadlineMs: timeoutMs });
    await this.#stopping;
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

  /** It can be reached, or not any more. */
  link(isUp: boolean): void {
    if (isUp) {
      this.#supervision.take({ kind: "up", reason: "the event link is up" });
      this.#isLinked = true;
      this.#linked.resolve();
    } else {
      this.#supervision.take({ kind: "down", reason: "the event link is down" });
      this.#unlink();
    }
  }

  /** Resolves when its module has been loaded for the first time. */
  get loaded(): Promise<void> {
    return this.#loaded.promise;
  }

  /** Resolves when its link is up: that of this life, not of the one before. */
  get linked(): Promise<void> {
    return this.#linked.promise;
  }

  #unlink(): void {
    if (this.#isLinked) this.#linked = Promise.withResolvers();
    this.#isLinked = false;
  }

  #start(): void {
    this.#stack = undefined;
    try {
      const running = this.#options.start();
      let isLoaded = false;
      this.#running = running;
      running.loaded.then(() => {
        isLoaded = true;
        if (this.#running === running) this.#supervision.take({ kind: "loaded" });
        this.#loaded.resolve();
      });
      running.exited.then(({ code, reason, stack }) => {
        this.#stack = stack;
        // What somebody else has ended is not to blame.
        this.#ended(running, reason, !isLoaded && code !== null);
      });
    } catch (error) {
      this.#supervision.take({ kind: "ended", reason: messageOf(error), isUnloadable: true });
    }
  }

  async #stop(running: RunningCluster, reason: string, deadlineMs: number): Promise<void> {
    await running.stop(deadlineMs);
    this.#ended(running, reason, false);
  }

  /** Both who stops it and its exit tell, and the later of them may come in another's life. */
  #ended(running: RunningCluster, reason: string, isUnloadable: boolean): void {
    if (this.#running !== running) return;
    this.#running = null;
    this.#supervision.take({ kind: "ended", reason, isUnloadable });
  }
}
