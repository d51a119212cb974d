/**
 * What an idle shard costs in memory: the unit's whole process, at three numbers of shards. Nothing
 * is collected first, so the heap's slack is in it, as it is in a process that runs.
 *
 * @module
 */

import { figure, printTables, type Table, times } from "./measure.ts";
import { setStage } from "./stage.ts";
import { UNIT_KINDS, type UnitKind } from "./units.ts";

const SHARDS = [1, 64, 256] as const;
const GUILDS_PER_SHARD = 2;
/** From the last READY until memory is looked at. */
const SETTLE_MS = 1_500;

async function residentBytes(kind: UnitKind, shards: number): Promise<number> {
  const stage = await setStage({ kind, shards, guilds: shards * GUILDS_PER_SHARD });
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const bytes = await stage.unitBytes();
  await stage.end();
  return bytes;
}

/** The table. */
export async function run(): Promise<Table[]> {
  const [few, , many] = SHARDS;
  const rows: string[][] = [];
  let baseline: number | undefined;
  for (const [kind, name] of UNIT_KINDS) {
    const bytes: number[] = [];
    for (const shards of SHARDS) bytes.push(await residentBytes(kind, shards));
    const perShard = (bytes.at(-1)! - bytes[0]!) / 1024 / (many - few);
    rows.push([
      name,
      ...bytes.map((one) => figure(one / 2 ** 20)),
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
