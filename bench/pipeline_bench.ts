/**
 * The whole way: simulator → socket → shard worker → main thread → event link → consumer, on real
 * sockets. The simulator and the consumer are one process and the unit is another. Every event must
 * arrive: a run that loses one fails.
 *
 * @module
 */

import { figure, median, printTables, type Table, times } from "./measure.ts";
import type { Delays } from "./peer.ts";
import { setStage, type Stage } from "./stage.ts";
import { UNIT_KINDS, type UnitKind } from "./units.ts";

const SHARDS = 16;
const GUILDS = 160;
const FLOOD_EVENTS = 60_000;
const FLOODS = 5;
const PER_SECOND = 5_000;
const PACE_MS = 5_000;

interface Flood {
  readonly perSecond: number;
  readonly cpuUs: number;
}

async function flood(stage: Stage): Promise<Flood> {
  const startCpuUs = await stage.unitCpuUs();
  const tookMs = await stage.flood(FLOOD_EVENTS);
  return {
    perSecond: FLOOD_EVENTS / tookMs * 1000,
    cpuUs: (await stage.unitCpuUs() - startCpuUs) / FLOOD_EVENTS,
  };
}

async function pace(stage: Stage): Promise<Delays & { readonly cpuUs: number }> {
  const startCpuUs = await stage.unitCpuUs();
  const delays = await stage.pace(PER_SECOND, PACE_MS);
  if (delays.received !== delays.sent) {
    throw new Error(`${delays.sent} events were sent, ${delays.received} came`);
  }
  return { ...delays, cpuUs: (await stage.unitCpuUs() - startCpuUs) / delays.sent };
}

async function measure(kind: UnitKind) {
  const stage = await setStage({ kind, shards: SHARDS, guilds: GUILDS });
  await stage.flood(FLOOD_EVENTS);
  const floods: Flood[] = [];
  for (let i = 0; i < FLOODS; i++) floods.push(await flood(stage));
  const paced = await pace(stage);
  await stage.end();
  return {
    perSecond: median(floods.map(({ perSecond }) => perSecond)),
    floodUs: median(floods.map(({ cpuUs }) => cpuUs)),
    paced,
  };
}

/** One table of loads as high as they go, one of a moderate rate. */
export async function run(): Promise<Table[]> {
  const results: { name: string; measured: Awaited<ReturnType<typeof measure>> }[] = [];
  for (const [kind, name] of UNIT_KINDS) results.push({ name, measured: await measure(kind) });
  const [first] = results;
  const against = (cost: number, baseline: number) =>
    cost === baseline ? "baseline" : times(baseline / cost);
  const rate = PER_SECOND.toLocaleString("en-US");
  return [{
    title: `As fast as events come back, usual mix, ${SHARDS} shards in one worker`,
    columns: ["unit", "events/s", "CPU µs per event", "baseline ÷ this"],
    rows: results.map(({ name, measured: { perSecond, floodUs } }) => [
      name,
      figure(perSecond),
      figure(floodUs),
      against(floodUs, first!.measured.floodUs),
    ]),
  }, {
    title: `${rate} events/s of 1.2 KB, from the simulator to the bot's handler`,
    columns: ["unit", "CPU µs per event", "baseline ÷ this", "delay p50 ms", "p99 ms"],
    rows: results.map(({ name, measured: { paced } }) => [
      name,
      figure(paced.cpuUs),
      against(paced.cpuUs, first!.measured.paced.cpuUs),
      figure(paced.p50),
      figure(paced.p99),
    ]),
  }];
}

if (import.meta.main) printTables(await run());
