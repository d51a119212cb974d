/**
 * The dashboard of a unit: keeps what has been, shows how things stand, has the unit do what a person asks for.
 *
 * While nobody looks it reads some counts of each shard once a second, and nothing else.
 *
 * @module
 */

import { every } from "../ports/clock.ts";
import type { Clock } from "../ports/clock.ts";
import { processFigures } from "../ports/figures.ts";
import type { Log, LogFields, LogLevel } from "../ports/log.ts";
import { messageOf } from "../protocol/errors.ts";
import { shardText } from "../protocol/ids.ts";
import { counted, duration } from "../protocol/rounded.ts";
import { servingOf, type Status } from "../protocol/status.ts";
import { changeBetween } from "./change.ts";
import { Door, type DoorOptions } from "./door.ts";
import { History, STEP_MS } from "./history.ts";
import { Incidents, type Told } from "./incidents.ts";
import { Live } from "./live.ts";
import { Loads, NO_FIGURES } from "./load.ts";
import { isTold, lineWords } from "./log_words.ts";
import { nextIdentifies } from "./next_identifies.ts";
import { Routes, type RoutesOptions } from "./routes.ts";
import { ShardPasts } from "./shard_pasts.ts";
import { shardView, viewOf } from "./view.ts";
import type { PlacesFigures, UnitCounts, WatchedUnit } from "./watched.ts";
import type { DashboardView, Moment, ProcessFigures, ShardHistory } from "./words.ts";

/** What a dashboard is made with. */
export interface DashboardOptions
  extends Omit<DoorOptions, "clock">, Pick<RoutesOptions, "callerOf"> {
  readonly clock: Clock;
  readonly log: Log;
  readonly unit: WatchedUnit;
}

/** While somebody looks, clusters and services are asked for their figures so often. */
const FIGURES_EVERY_MS = 5_000;
const SHOWN_NEXT = 16;

/** The dashboard. */
export class Dashboard {
  readonly #options: DashboardOptions;
  readonly #incidents: Incidents;
  readonly #pasts = new ShardPasts();
  readonly #history = new History();
  readonly #live = new Live();
  readonly #routes: Routes;
  readonly #startedAtMs: number;
  readonly #loads = new Loads<string>();
  #process: ProcessFigures = NO_FIGURES;
  #clusters: ReadonlyMap<number, ProcessFigures> = new Map();
  #services: ReadonlyMap<string, ProcessFigures> = new Map();
  #askedMs = -Infinity;
  /** As those who look have been told; `null`: nobody does. */
  #told: DashboardView | null = null;
  #turn = 0;
  #isFailing = false;
  /** Clusters and services that are away, by their names. */
  readonly #away = new Set<string>();
  readonly #cancel: () => void;

  constructor(options: DashboardOptions) {
    const { clock, unit } = options;
    this.#options = options;
    this.#startedAtMs = clock.epochMs();
    this.#incidents = new Incidents(clock);
    this.#routes = new Routes({
      ...options,
      door: new Door(options),
      live: this.#live,
      view: () => this.#told ??= this.#view(),
      shard: (key) => this.#shard(key),
      act: (act) => unit.act(act),
      tell: (told) => this.#incidents.tell(told),
    });
    this.#cancel = every(clock, STEP_MS, () => this.#try(() => this.#look()));
  }

  /** Answers what is asked under `/dashboard`; `peer` is the IP address of the other end. */
  answer(request: Request, peer: string): Promise<Response> {
    return this.#routes.answer(request, peer);
  }

  /** A line of the unit's log, redacted. */
  hear(level: LogLevel, event: string, fields: LogFields): void {
    this.#try(() => {
      if (isTold(level, event)) this.say(level, event, fields);
    });
  }

  /** Tells a line as an incident, whatever its level. */
  say(level: LogLevel, event: string, fields: LogFields): void {
    if (level === "debug") return;
    const told = lineWords(
      level,
      event,
      fields,
      (id) => shardText({ shardId: id, totalShards: this.#options.unit.totalShards }),
    );
    this.#incidents.tell(told);
    if (told.about !== "shard" || level === "info") return;
    this.#pasts.blame(told.of!, { atMs: this.#options.clock.epochMs(), text: told.text });
  }

  /** What has happened in the unit. */
  see(status: Status): void {
    this.#try(() => this.#see(status));
  }

  #see(status: Status): void {
    switch (status.kind) {
      case "shard":
        return this.#pasts.see(status);
      case "cluster": {
        const { clusterId, state, reason } = status.cluster;
        return this.#seePlace({ about: "cluster", of: String(clusterId), state, reason });
      }
      case "service": {
        const { name, state, reason } = status.service;
        return this.#seePlace({ about: "service", of: name, state, reason });
      }
      case "ready": {
        const count = servingOf(this.#options.unit.snapshot.shards).length;
        const text = `the unit is ready: ${counted(count, "shard")}, after ${
          duration(status.tookMs)
        }`;
        return this.#incidents.tell({ level: "info", about: "unit", text });
      }
      case "stopping": {
        const text = `the unit stops, sessions are kept: ${status.reason}`;
        return this.#incidents.tell({ level: "info", about: "unit", text });
      }
    }
  }

  /** Looks no more; who looks at it is sent away. */
  stop(): void {
    this.#cancel();
    this.#live.stop();
  }

  /** Whatever fails here, the unit goes on. */
  #try(act: () => void): void {
    // The line that tells of it is heard as well.
    if (this.#isFailing) return;
    try {
      act();
    } catch (error) {
      this.#isFailing = true;
      this.#options.log.error("the dashboard has failed", { error: messageOf(error) });
      this.#isFailing = false;
    }
  }

  /** That it went away says the log, and why. */
  #seePlace(
    { about, of, state, reason }: Pick<Told, "about"> & {
      readonly of: string;
      readonly state: string;
      readonly reason: string;
    },
  ): void {
    const name = `${about} ${of}`;
    if (state === "connected") {
      if (this.#away.delete(name)) {
        this.#incidents.tell({ level: "info", about, of, text: `${name} is connected` });
      }
      return;
    }
    this.#away.add(name);
    if (state === "stopped") {
      this.#incidents.tell({ level: "warn", about, of, text: `${name} is stopped: ${reason}` });
    }
  }

  #look(): void {
    const { clock, unit } = this.#options;
    const nowMs = clock.now();
    const counts = unit.counts();
    this.#process = this.#loads.look("unit", nowMs, processFigures());
    const moment = this.#history.look({
      nowMs,
      atMs: clock.epochMs(),
      counts,
      memoryBytes: this.#process.memoryBytes ?? 0,
    });
    for (const told of this.#pasts.takeTold()) this.#incidents.tell(told);
    this.#forgetShards(counts);
    if (this.#live.isWatched) this.#tell(moment);
    else this.#told = null;
  }

  #forgetShards({ shards }: UnitCounts): void {
    if (this.#pasts.size <= shards.length) return;
    const keys = new Set(shards.map(({ key }) => key));
    this.#pasts.keep((key) => keys.has(key));
  }

  #tell(moment: Moment): void {
    this.#askForFigures();
    const now = this.#view();
    const before = this.#told ?? now;
    const { change, told } = changeBetween(before, now, moment, this.#turn++);
    this.#told = told;
    this.#live.tell(change, () => told);
  }

  #view(): DashboardView {
    const { clock, unit } = this.#options;
    const { snapshot } = unit;
    return viewOf(snapshot, {
      ...this.#besideShard,
      atMs: clock.epochMs(),
      incidents: this.#incidents.all,
      history: this.#history.all,
      version: unit.version,
      startedAtMs: this.#startedAtMs,
      standing: unit.standing(snapshot),
      process: this.#process,
      next: nextIdentifies(snapshot, unit.identifySpacingMs, SHOWN_NEXT),
      clusters: this.#clusters,
      services: this.#services,
    });
  }

  get #besideShard() {
    return {
      eventsPerSecond: (key: string) => this.#history.eventsPerSecond(key),
      lastErrorOf: (key: string) => this.#pasts.lastErrorOf(key),
    };
  }

  #shard(key: string): ShardHistory | null {
    const shard = this.#options.unit.snapshot.shards.find((shard) => shardText(shard) === key);
    if (!shard) return null;
    return {
      shard: shardView(shard, this.#besideShard),
      changes: this.#pasts.changesOf(key),
      incidents: this.#incidents.ofShard(key),
    };
  }

  #askForFigures(): void {
    const { clock, unit, log } = this.#options;
    const nowMs = clock.now();
    if (nowMs - this.#askedMs < FIGURES_EVERY_MS) return;
    this.#askedMs = nowMs;
    unit.figures().then((figures) => this.#learn(figures)).catch((error) =>
      log.warn("figures for the dashboard were not collected", { error: messageOf(error) })
    );
  }

  #learn({ clusters, services }: PlacesFigures): void {
    const nowMs = this.#options.clock.now();
    const loadsOf = (kind: string, places: PlacesFigures["clusters"]) =>
      Object.entries(places).map(([name, said]) =>
        [name, this.#loads.look(`${kind} ${name}`, nowMs, said)] as const
      );
    this.#clusters = new Map(
      loadsOf("cluster", clusters).map(([id, figures]) => [Number(id), figures]),
    );
    this.#services = new Map(loadsOf("service", services));
  }
}
