/**
 * How far a reshard is, for as long as it takes: a bar on a terminal, else a line for each step.
 *
 * @module
 */

import { sleep } from "../../../ports/clock.ts";
import { LOT_PHASES, type ReshardSnapshot } from "../../../protocol/reshard.ts";
import { counted } from "../../../protocol/rounded.ts";
import type { Snapshot } from "../../../protocol/status.ts";
import { isUnderWay } from "../../../unit/reshard/resharding.ts";
import { statusLine } from "../../terminal/narrate.ts";
import { reshardLine } from "../../terminal/reshard_lines.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { bar } from "../print/figures.ts";
import { writeJson } from "../output.ts";
import { steadyState, type UnitApi } from "../unit_api.ts";
import type { CliWorld } from "../world.ts";

const POLL_MS = 500;
const BAR_WIDTH = 24;

/** What is watched. */
export interface WatchOptions {
  readonly unit: UnitApi;
  /** How it stands; `null`: it is asked for. */
  readonly begun: ReshardSnapshot | null;
  /** Whether it is meant to be cancelled: then that is success. */
  readonly isCancelled: boolean;
  readonly json: boolean;
}

/**
 * Watches a reshard until it ends, or a signal comes, after which it goes on by itself.
 *
 * @returns `OK` where it is done, or cancelled as was asked.
 */
export async function watchReshard(world: CliWorld, options: WatchOptions): Promise<ExitCode> {
  const { unit, json } = options;
  const { err } = world;
  const line = statusLine(err.write, err.isTerminal && !json, () => err.size().columns);
  const stopped = world.stopped().then(() => "stopped" as const);
  let last = options.begun;
  let told = "";
  try {
    for (;;) {
      const reshard = endOf(await steadyState(world, unit, () => line.show(AWAY)), last);
      if (reshard === null) return nothing(world);
      last = reshard;
      const step = stepOf(reshard);
      if (json && step !== told) writeJson({ out: { ...world.out, isTerminal: false } }, reshard);
      if (!isUnderWay(reshard)) {
        line.show("");
        if (!json) world.out.write(`${endText(reshard)}\n`);
        return codeOf(reshard, options.isCancelled);
      }
      if (!json && !err.isTerminal && step !== told) world.out.write(`${reshardLine(reshard)}\n`);
      told = step;
      line.show(`${bar(partOf(reshard), BAR_WIDTH)} ${reshardLine(reshard)}`);
      if (await Promise.race([stopped, sleep(world.clock, POLL_MS)]) === "stopped") {
        line.show("");
        err.write(`The reshard goes on. Look again: gatehouse reshard --watch\n`);
        return EXIT.AT_ONCE;
      }
    }
  } finally {
    line.show("");
  }
}

const AWAY = "the unit does not answer: it is asked again";

function nothing({ err }: CliWorld): ExitCode {
  err.write("There is no reshard to watch: none has begun since the unit started.\n");
  return EXIT.REFUSED;
}

/**
 * The reshard of a snapshot. A unit that was restarted meanwhile has forgotten one that is over: then its total says
 * how that ended.
 */
export function endOf(
  { reshard, totalShards }: Pick<Snapshot, "reshard" | "totalShards">,
  last: ReshardSnapshot | null,
): ReshardSnapshot | null {
  if (reshard !== null || last === null) return reshard;
  const state = totalShards === last.to ? "done" : "cancelled";
  const reason = `the unit was restarted meanwhile, and has ${totalShards} shards`;
  return { ...last, state, reason };
}

/** How much is done, from 0 to 1: what a lot has passed of its phases counts. */
export function partOf({ lots, state }: ReshardSnapshot): number {
  if (lots.length === 0) return 0;
  const last = LOT_PHASES.length - 1;
  const passed = lots.reduce((total, { phase }) => total + LOT_PHASES.indexOf(phase) / last, 0);
  const part = passed / lots.length;
  return state === "cancelling" ? 1 - part : part;
}

/** Changes with what is worth a line. */
function stepOf({ lots, state, reason }: ReshardSnapshot): string {
  // While it runs the reason counts seconds down.
  const why = state === "running" || state === "cancelling" ? "" : reason;
  return [state, why, ...lots.map(({ phase }) => phase).toSorted()].join();
}

/** How it ended, as a sentence. */
export function endText(reshard: ReshardSnapshot): string {
  const { from, to, state, reason, guildsMoved, identifiesSpent, forced } = reshard;
  const because = reason === "" ? "" : `: ${reason}`;
  if (state !== "done") return `The reshard from ${from} to ${to} shards is ${state}${because}.`;
  const moved = `${counted(guildsMoved, "guild")} moved`;
  const spent = `${counted(identifiesSpent, "identify", "identifies")} spent`;
  const torn = forced > 0
    ? `, ${counted(forced, "guild")} forced: some of their events may come twice`
    : "";
  return `The reshard from ${from} to ${to} shards is done${because}. ${moved}, ${spent}${torn}.`;
}

function codeOf({ state }: ReshardSnapshot, isCancelled: boolean): ExitCode {
  return state === (isCancelled ? "cancelled" : "done") ? EXIT.OK : EXIT.REFUSED;
}
