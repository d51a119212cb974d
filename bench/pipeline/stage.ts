/**
 * A party and the rest of its world, each in processes of their own, every shard ready; and what one
 * run of events costs the party.
 *
 * @module
 */

import { type Program, startProgram } from "../program.ts";
import type { Bench, Meter } from "./bench.ts";
import type { Payload } from "./load.ts";
import type { Party, PartyOptions, RunningParty } from "./party.ts";
import { type ProcessReading, type Spent, spentBetween } from "./schedstat.ts";
import type { Delays, Sent, WorldAddress, WorldQuestion } from "./world.ts";

/** Events per second, or as fast as they come back. */
export type Rate = number | "max";

/** What a stage is set with. */
export interface StageOptions extends Pick<PartyOptions, "shards" | "compression"> {
  /** Default: two per shard, and enough for events to go to many. */
  readonly guilds?: number;
}

/** What a run of events cost. Times are of the run; divide by `received`. */
export interface Measurement extends Sent, Delays {
  /** Processor time of the gateway's process, µs. */
  readonly unit: Spent;
  /** Processor time of the handler's process, µs. */
  readonly cluster: Spent;
  readonly unitMiB: number;
  readonly clusterMiB: number;
}

/** A stage, set. */
export interface Stage {
  measure(payload: Payload, rate: Rate, forMs: number): Promise<Measurement>;
  /** Resident MiB of the unit's process, now. */
  unitMiB(): Promise<number>;
  end(): Promise<void>;
}

const READY_MS = 30_000;
const GUILDS_PER_SHARD = 2;
const LEAST_GUILDS = 160;
/** Events that may be under way in a flood: far from what fills a queue. */
const UNDER_WAY = 10_000;
/** Code is compiled while it is flooded, before the first run, without drowning anybody. */
const WARM_UP_MS = 1_000;
const WARM_UP_UNDER_WAY = 500;
/** What comes before a run at a rate, so that nothing of the run before is left. */
const LEAD_MS = 400;

/**
 * Sets a stage; resolves when events come through to the handler.
 *
 * @throws {Error} When the party does not start, with its last words.
 */
export async function setStage(
  { meter, baseTree, folder }: Bench,
  party: Party,
  { shards, compression, guilds = Math.max(LEAST_GUILDS, GUILDS_PER_SHARD * shards) }: StageOptions,
): Promise<Stage> {
  const program = startProgram(new URL("./world.ts", import.meta.url));
  const ask = <Answer>(question: WorldQuestion) => program.ask<Answer>(question);
  const world = await ask<WorldAddress>({ do: "serve", shards, guilds });
  let running: RunningParty | undefined;
  try {
    const options = { world, shards, compression, baseTree, folder: await folder() };
    running = await party.start(options);
    const problem = await ask<string | null>({ do: "ready", limitMs: READY_MS });
    if (problem !== null) throw new Error(`${problem}\n${running.lastWords()}`);
  } catch (error) {
    await running?.end();
    await program.end();
    throw error;
  }
  return joined(program, running, meter);
}

function joined(program: Program, party: RunningParty, meter: Meter): Stage {
  const ask = <Answer>(question: WorldQuestion) => program.ask<Answer>(question);
  const run = (payload: Payload, rate: Rate, forMs: number) =>
    ask<Sent>(
      rate === "max"
        ? { do: "flood", payload, underWay: UNDER_WAY, forMs }
        : { do: "pace", payload, perSecond: rate, forMs },
    );
  const warmUp = (payload: Payload) =>
    ask({ do: "flood", payload, underWay: WARM_UP_UNDER_WAY, forMs: WARM_UP_MS });
  let isWarm = false;
  return {
    async measure(payload, rate, forMs) {
      if (!isWarm) await warmUp(payload);
      isWarm = true;
      await run(payload, rate, LEAD_MS);
      const before = await readParty(party, meter);
      const sent = await run(payload, rate, forMs);
      const after = await readParty(party, meter);
      return {
        ...sent,
        ...await ask<Delays>({ do: "delays" }),
        unit: spentBetween(before.unit, after.unit),
        cluster: spentBetween(before.cluster, after.cluster),
        unitMiB: mib(after.unit),
        clusterMiB: mib(after.cluster),
      };
    },
    unitMiB: async () => mib((await readParty(party, meter)).unit),
    async end() {
      await party.end();
      await program.end();
    },
  };
}

async function readParty({ pid, handlerPid }: RunningParty, meter: Meter) {
  const [unit, ...below] = await meter.read(pid);
  if (!unit) throw new Error("Cannot measure: the party's process has ended");
  const cluster = handlerPid === undefined ? below : await meter.read(handlerPid);
  return { unit: [unit], cluster };
}

function mib(processes: readonly ProcessReading[]): number {
  return processes.reduce((sum, { residentKiB }) => sum + residentKiB, 0) / 1024;
}
