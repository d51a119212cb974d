/**
 * The REST proxies of a fleet against one by itself: how many requests a second, what one costs in processor time
 * of all proxies together, and how much later its answer comes. The load goes to all proxies evenly; of three, two
 * of three requests need the leave of another one.
 *
 * @module
 */

import { NATS_PROGRAMS, type NatsServer, startNats } from "../tests/support/nats_server.ts";
import { figure, median, printTables, type Table, times } from "./measure.ts";
import { type Program, startProgram } from "./program.ts";
import type { LoadAnswer, LoadQuestion } from "./rest/load.ts";
import type { MembersQuestion } from "./rest/members.ts";
import { cpuUsOf } from "./rest/proxies.ts";
import type { Upstream, UpstreamQuestion } from "./rest/upstream.ts";

/** Proxies, and the processes that they are in. */
interface Variant {
  readonly name: string;
  readonly origins: readonly string[];
  readonly programs: readonly Program[];
}

interface Result {
  readonly variant: Variant;
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly p50: number;
  readonly p99: number;
}

const CONNECTIONS = 24;
const PER_SECOND = 120;
const ROUNDS = 5;
const FLOOD_MS = 800;
const PACE_MS = 1_500;
/** A member gives nothing in its first second. */
const HELD_MS = 1_500;
const ALONE = "one proxy, no fleet";

const MEMBERS = new URL("./rest/members.ts", import.meta.url);
const LOAD = new URL("./rest/load.ts", import.meta.url);

async function startVariant(
  name: string,
  count: number,
  upstream: string,
  nats: string | null,
): Promise<Variant> {
  // Two fleets on one server must not have a name in common.
  const members = Array.from({ length: count }, (_, i) => `unit-${i}-of-${count}`);
  const all = { upstream, members, nats } satisfies Omit<MembersQuestion, "ours">;
  const lots = nats === null ? [count === 0 ? ["alone"] : members] : members.map((one) => [one]);
  const programs = lots.map(() => startProgram(MEMBERS, [], ENVIRONMENT));
  const origins = await Promise.all(
    programs.map((program, i) => program.ask<string[]>({ ...all, ours: lots[i] })),
  );
  return { name, origins: origins.flat(), programs };
}

/** What talks to NATS reads variables of its own. */
const ENVIRONMENT = ["--allow-env", "--allow-sys=hostname"];

async function measureOnce(
  loaders: readonly Program[],
  { origins, programs }: Variant,
  load: (share: number) => LoadQuestion["load"],
  forMs: number,
): Promise<Omit<Result, "variant">> {
  const before = await cpuOf(programs);
  const answers = await Promise.all(origins.map((origin, i) =>
    loaders[i]!.ask<LoadAnswer>(
      {
        origin,
        method: "GET",
        bodyBytes: 0,
        load: load(origins.length),
        forMs,
      } satisfies LoadQuestion,
    )
  ));
  const requests = answers.reduce((sum, { requests }) => sum + requests, 0);
  return {
    perSecond: requests / (Math.max(...answers.map(({ tookMs }) => tookMs)) / 1_000),
    cpuUs: (await cpuOf(programs) - before) / requests,
    p50: median(answers.map(({ p50 }) => p50)),
    p99: Math.max(...answers.map(({ p99 }) => p99)),
  };
}

async function cpuOf(programs: readonly Program[]): Promise<number> {
  const all = await Promise.all(programs.map(({ pid }) => cpuUsOf(pid)));
  return all.reduce((sum, us) => sum + us, 0);
}

async function measure(
  loaders: readonly Program[],
  variants: readonly Variant[],
  load: (share: number) => LoadQuestion["load"],
  forMs: number,
): Promise<Result[]> {
  const rounds = variants.map(() => [] as Omit<Result, "variant">[]);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, variant] of variants.entries()) {
      rounds[i]!.push(await measureOnce(loaders, variant, load, forMs));
    }
  }
  const of = (i: number, part: keyof Omit<Result, "variant">) =>
    median(rounds[i]!.map((round) => round[part]));
  return variants.map((variant, i) => ({
    variant,
    perSecond: of(i, "perSecond"),
    cpuUs: of(i, "cpuUs"),
    p50: of(i, "p50"),
    p99: of(i, "p99"),
  }));
}

function table(title: string, results: readonly Result[]): Table {
  const alone = results.find(({ variant }) => variant.name === ALONE)!;
  return {
    title,
    columns: ["proxies", "requests/s", "CPU µs each", "of one alone", "p50 ms", "added", "p99 ms"],
    rows: results.map(({ variant, perSecond, cpuUs, p50, p99 }) => [
      variant.name,
      figure(perSecond),
      figure(cpuUs),
      times(cpuUs / alone.cpuUs),
      figure(p50),
      figure(p50 - alone.p50),
      figure(p99),
    ]),
  };
}

async function main(): Promise<void> {
  if (Deno.build.os !== "linux") {
    return console.log("rest_fleet is skipped: it needs Linux's /proc");
  }
  const upstream = startProgram(new URL("./rest/upstream.ts", import.meta.url));
  const loaders = [0, 1, 2].map(() => startProgram(LOAD));
  const variants: Variant[] = [];
  const newest = NATS_PROGRAMS.at(-1);
  let nats: NatsServer | null = null;
  try {
    const at = await upstream.ask<Upstream>({ limits: true } satisfies UpstreamQuestion);
    const http = `http://127.0.0.1:${at.httpPort}`;
    variants.push(await startVariant(ALONE, 0, http, null));
    variants.push(await startVariant("two, one process", 2, http, null));
    variants.push(await startVariant("three, one process", 3, http, null));
    if (newest) {
      nats = await startNats(newest);
      variants.push(await startVariant(`two, NATS ${newest.version}`, 2, http, nats.url));
      variants.push(await startVariant(`three, NATS ${newest.version}`, 3, http, nats.url));
    } else console.log("NATS is skipped: there is no nats-server");
    await new Promise((resolve) => setTimeout(resolve, HELD_MS));
    const flood = (share: number) => ({ connections: CONNECTIONS / share });
    for (const variant of variants) await measureOnce(loaders, variant, flood, FLOOD_MS);
    const flat = await measure(loaders, variants, flood, FLOOD_MS);
    const paced = await measure(
      loaders,
      variants,
      (share) => ({ perSecond: PER_SECOND / share }),
      PACE_MS,
    );
    printTables([
      table(`GET, ${CONNECTIONS} connections flat out`, flat),
      table(`GET, ${PER_SECOND} requests/s`, paced),
    ]);
  } finally {
    const programs = [...variants.flatMap(({ programs }) => programs), ...loaders, upstream];
    await Promise.allSettled(programs.map((program) => program.end()));
    await nats?.[Symbol.asyncDispose]();
  }
}

if (import.meta.main) await main();
