/**
 * What an idle shard costs in memory: the unit's whole process, at three numbers of shards. Nothing
 * is collected first, so the heap's slack is in it, as it is in a process that runs.
 *
 * @module
 */

import { figure, printTables, type Table, times } from "./measure.ts";
import { type Bench, openBench } from "./pipeline/bench.ts";
import { BASE, DISCORDENO, GATEHOUSE } from "./pipeline/parties.ts";
import type { Compression, Party } from "./pipeline/party.ts";
import { setStage } from "./pipeline/stage.ts";

const SHARDS = [1, 64, 256] as const;
const GUILDS_PER_SHARD = 2;
/** From the first event that came through until memory is looked at. */
const SETTLE_MS = 1_500;

/** What is compared, the baseline first. */
const ROWS: readonly (readonly [string, Party, Compression])[] = [
  [DISCORDENO.label, DISCORDENO, "none"],
  [`${BASE.label}, zlib-stream`, BASE, "zlib-stream"],
  [`${GATEHOUSE.label}, uncompressed`, GATEHOUSE, "none"],
  [`${GATEHOUSE.label}, zlib-stream`, GATEHOUSE, "zlib-stream"],
];

async function residentMiB(
  bench: Bench,
  party: Party,
  compression: Compression,
  shards: number,
): Promise<number> {
  const guilds = shards * GUILDS_PER_SHARD;
  const stage = await setStage(bench, party, { shards, compression, guilds });
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const mib = await stage.unitMiB();
  await stage.end();
  return mib;
}

/** The table. */
export async function run(): Promise<Table[]> {
  const [few, , many] = SHARDS;
  await using bench = await openBench(true);
  const rows: string[][] = [];
  let baseline: number | undefined;
  for (const [name, party, compression] of ROWS) {
    if (party === BASE && bench.baseTree === null) continue;
    const mib: number[] = [];
    for (const shards of SHARDS) mib.push(await residentMiB(bench, party, compression, shards));
    const perShard = (mib.at(-1)! - mib[0]!) * 1024 / (many - few);
    rows.push([
      name,
      ...mib.map(figure),
      figure(perShard),
      baseline === undefined ? "baseline" : times(perShard / baseline),
    ]);
    baseline ??= perShard;
  }
  return [{
    title: `Resident MiB of the unit, shards idle, ${GUILDS_PER_SHARD} guilds each`,
    columns: ["unit", ...SHARDS.map(String), "KiB per shard", "this ÷ baseline"],
    rows,
  }];
}

if (import.meta.main) printTables(await run());
