/**
 * What a user pays for an event on its whole way, simulator → unit → cluster → handler: processor
 * time of every thread of every process but the simulator's, delay, memory. Beside it, in the same
 * run, an earlier Gatehouse, other libraries and the least that this machine can do. Every event must
 * arrive at Gatehouse's handler, or the benchmark fails.
 *
 * @module
 */

import { messageOf } from "../protocol/errors.ts";
import { printTables } from "./measure.ts";
import { type Bench, openBench } from "./pipeline/bench.ts";
import { readFlags, type Selection, USAGE } from "./pipeline/flags.ts";
import { BASE, GATEHOUSE, PARTIES } from "./pipeline/parties.ts";
import type { Compression, Party } from "./pipeline/party.ts";
import { type Cell, scaleTable, tablesOf } from "./pipeline/report.ts";
import { type Measurement, setStage, type Stage } from "./pipeline/stage.ts";

/** One of the combinations of a selection that need stages of their own. */
interface Setting {
  readonly shards: number;
  readonly compression: Compression;
}

/** Measures and prints a selection. Gives whether every event came to Gatehouse's handler. */
async function runSelection(bench: Bench, selection: Selection): Promise<boolean> {
  const { parties: names, rounds } = selection;
  const parties = PARTIES.filter(({ name }) => names.includes(name))
    .filter((party) => party !== BASE || bench.baseTree !== null);
  const cells: Cell[] = [];
  let allCame = true;
  for (let round = 0; round < rounds; round++) {
    for (const setting of settingsOf(selection)) {
      for (const party of parties) {
        const measured = await turn(bench, party, setting, selection, round);
        if (party === GATEHOUSE) allCame &&= !losesAny(measured, selection);
        cells.push(...measured);
      }
    }
  }
  print(selection, parties, cells);
  return allCame;
}

function settingsOf({ compressions, shards }: Selection): Setting[] {
  return compressions.flatMap((compression) =>
    shards.map((number) => ({ compression, shards: number }))
  );
}

function print(selection: Selection, parties: readonly Party[], cells: readonly Cell[]): void {
  const { compressions, payloads, rates, shards } = selection;
  for (const payload of payloads) {
    for (const setting of settingsOf(selection)) {
      printTables(tablesOf({ ...setting, payload }, rates, parties, cells));
    }
    if (shards.length === 1) continue;
    for (const compression of compressions) {
      printTables([scaleTable({ payload, compression }, shards, rates, parties, cells)]);
    }
  }
}

/**
 * One party's turn in a round, on a stage of its own: a run with each payload at each rate. After a run
 * that lost events the stage is set anew: what is still under way would burden the next one.
 */
async function turn(
  bench: Bench,
  party: Party,
  setting: Setting,
  { payloads, rates, seconds }: Selection,
  round: number,
): Promise<Cell[]> {
  const cells: Cell[] = [];
  const { shards, compression } = setting;
  console.error(`round ${round + 1}: ${party.name}, ${shards} shards, ${compression}`);
  let stage: Stage | undefined;
  try {
    for (const payload of payloads) {
      for (const rate of rates) {
        stage ??= await setStage(bench, party, setting);
        const measurement = await stage.measure(payload, rate, seconds * 1000);
        cells.push({ ...setting, party: party.name, payload, rate, round, measurement });
        if (isWhole(measurement)) continue;
        await stage.end();
        stage = undefined;
      }
    }
  } catch (error) {
    console.error(`Cannot measure ${party.name}: ${messageOf(error)}`);
  } finally {
    await stage?.end();
  }
  return cells;
}

function losesAny(cells: readonly Cell[], { payloads, rates }: Selection): boolean {
  return cells.length < payloads.length * rates.length ||
    cells.some(({ measurement }) => !isWhole(measurement));
}

/** Whether every event came, once. */
function isWhole({ sent, received }: Measurement): boolean {
  return sent === received;
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(USAGE);
    return 0;
  }
  const selections = readFlags(args, PARTIES.map(({ name }) => name));
  if ("problems" in selections) {
    console.error([...selections.problems, "", USAGE].join("\n"));
    return 2;
  }
  const wantsBase = selections.some(({ parties }) => parties.includes(BASE.name));
  await using bench = await openBench(wantsBase);
  let allCame = true;
  for (const selection of selections) allCame = await runSelection(bench, selection) && allCame;
  if (!allCame) console.error("\nNot every event came to Gatehouse's handler, once");
  return allCame ? 0 : 1;
}

if (import.meta.main) {
  const code = await main(Deno.args).catch((error) => {
    console.error(messageOf(error));
    return 1;
  });
  Deno.exit(code);
}
