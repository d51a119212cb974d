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
import { checkOut, takeAway } from "./pipeline/base.ts";
import { readFlags, type Selection, USAGE } from "./pipeline/flags.ts";
import { BASE, GATEHOUSE, PARTIES } from "./pipeline/parties.ts";
import type { Compression, Party } from "./pipeline/party.ts";
import { type Cell, tablesOf } from "./pipeline/report.ts";
import { type Meter, setStage, startMeter } from "./pipeline/stage.ts";

/** Whatever is written goes here, into a folder that goes away at the end. */
const TEMPORARY = "/tmp";

/** What all turns share. */
interface Bench {
  readonly meter: Meter;
  /** Whatever is written goes here. */
  readonly folder: string;
  /** Where Gatehouse as it was is checked out. */
  readonly baseTree: string;
}

/** One of the combinations of a selection that need stages of their own. */
interface Setting {
  readonly shards: number;
  readonly compression: Compression;
}

/** Measures and prints a selection. Gives whether every event came to Gatehouse's handler. */
async function runSelection(bench: Bench, selection: Selection): Promise<boolean> {
  const { payloads, rates, rounds } = selection;
  const parties = PARTIES.filter(({ name }) => selection.parties.includes(name));
  let isWhole = true;
  for (const setting of settingsOf(selection)) {
    const cells: Cell[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const party of parties) {
        const measured = await turn(bench, party, setting, selection, round);
        if (party === GATEHOUSE) isWhole &&= !losesAny(measured, selection);
        cells.push(...measured);
      }
    }
    for (const payload of payloads) {
      const those = cells.filter((cell) => cell.payload === payload);
      printTables(tablesOf({ ...setting, payload }, rates, parties, those));
    }
  }
  return isWhole;
}

function settingsOf({ shards, compressions }: Selection): Setting[] {
  return shards.flatMap((number) =>
    compressions.map((compression) => ({ shards: number, compression }))
  );
}

/** One party's turn in a round, on a stage of its own: a run with each payload at each rate. */
async function turn(
  { meter, folder: above, baseTree }: Bench,
  party: Party,
  setting: Setting,
  { payloads, rates, seconds }: Selection,
  round: number,
): Promise<Cell[]> {
  const cells: Cell[] = [];
  const { shards, compression } = setting;
  console.error(`round ${round + 1}: ${party.name}, ${shards} shards, ${compression}`);
  try {
    const folder = await Deno.makeTempDir({ dir: above });
    await using stage = await setStage(party, meter, { ...setting, folder, baseTree });
    for (const payload of payloads) {
      for (const rate of rates) {
        const measurement = await stage.measure(payload, rate, seconds * 1000);
        cells.push({ party: party.name, payload, rate, round, measurement });
      }
    }
  } catch (error) {
    console.error(`Cannot measure ${party.name}: ${messageOf(error)}`);
  }
  return cells;
}

function losesAny(cells: readonly Cell[], { payloads, rates }: Selection): boolean {
  return cells.length < payloads.length * rates.length ||
    cells.some(({ measurement: { sent, received } }) => sent !== received);
}

/** The selections without the base, where it cannot be had; says why. */
async function withBase(
  selections: readonly Selection[],
  tree: string,
): Promise<readonly Selection[]> {
  if (!selections.some(({ parties }) => parties.includes(BASE.name))) return selections;
  const problem = await checkOut(tree);
  if (problem === null) return selections;
  console.log(`\nSkipped: ${BASE.label}, because ${problem}`);
  return selections.map((selection) => ({
    ...selection,
    parties: selection.parties.filter((name) => name !== BASE.name),
  }));
}

async function main(args: readonly string[]): Promise<number> {
  const asked = readFlags(args, PARTIES.map(({ name }) => name));
  if ("problems" in asked) {
    console.error([...asked.problems, "", USAGE].join("\n"));
    return 2;
  }
  const meter = startMeter();
  const problem = await meter.whyNot();
  if (problem !== null) {
    console.error(`Cannot measure processor time by thread: ${problem}`);
    return 1;
  }
  const folder = await Deno.makeTempDir({ dir: TEMPORARY, prefix: "gatehouse-bench-" });
  const bench: Bench = { meter, folder, baseTree: `${folder}/base` };
  const tidy = async () => {
    await takeAway(bench.baseTree);
    await Deno.remove(folder, { recursive: true });
  };
  Deno.addSignalListener("SIGINT", () => void tidy().finally(() => Deno.exit(130)));
  let isWhole = true;
  try {
    for (const selection of await withBase(asked, bench.baseTree)) {
      isWhole = await runSelection(bench, selection) && isWhole;
    }
  } finally {
    await meter.end();
    await tidy();
  }
  if (!isWhole) console.error("\nNot every event came to Gatehouse's handler");
  return isWhole ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
