/**
 * The REST proxy against nirn-proxy and against no proxy at all: what a request costs in processor
 * time of the proxy's process, and how much later its answer comes.
 *
 * nirn-proxy takes part where it is found or can be installed; see `rest/nirn.ts`. With HTTP/1.1,
 * its default, it keeps two connections to Discord open and makes a new one for every request
 * beyond; with HTTP/2 it does not. Compared is with HTTP/2, where it does better.
 *
 * @module
 */

import { figure, median, printTables, type Table, times } from "./measure.ts";
import { type Program, startProgram } from "./program.ts";
import type { LoadAnswer, LoadQuestion } from "./rest/load.ts";
import { createNirnStarter, type NirnStarter } from "./rest/nirn.ts";
import { cpuUsOf, type Proxy, startGatehouse, startNirn } from "./rest/proxies.ts";
import type { Upstream, UpstreamQuestion } from "./rest/upstream.ts";

/** What is asked: the upstream, or a proxy before it. */
interface Variant {
  readonly name: string;
  readonly origin: string;
  /** How the upstream is reached in the end. */
  readonly scheme: "http" | "https";
  readonly proxy?: Proxy;
}

/** One load on one variant, medians of the rounds. */
interface Result extends LoadAnswer {
  readonly variant: Variant;
  /** Of the proxy, per request; `NaN` without one. */
  readonly cpuUs: number;
}

interface Load extends Omit<LoadQuestion, "origin"> {
  readonly rounds: number;
}

const CONNECTIONS = 32;
const PER_SECOND = 200;
const BODY_BYTES = 1500;
const OURS = "Gatehouse, https";
const NIRN_FAST = "nirn-proxy, HTTP/2";

const FLOOD: Load = {
  method: "GET",
  bodyBytes: 0,
  load: { connections: CONNECTIONS },
  forMs: 400,
  rounds: 5,
};
const FLOOD_POST: Load = { ...FLOOD, method: "POST", bodyBytes: BODY_BYTES };
const PACE: Load = { ...FLOOD, load: { perSecond: PER_SECOND }, forMs: 650, rounds: 7 };

/** Starts them and adds each to `variants` at once, so that it can be ended whatever comes. */
async function startVariants(variants: Variant[], upstream: Upstream, nirn: NirnStarter) {
  const http = `http://127.0.0.1:${upstream.httpPort}`;
  const https = `https://127.0.0.1:${upstream.httpsPort}`;
  const add = (name: string, scheme: "http" | "https", proxy: Proxy) =>
    variants.push({ name, origin: proxy.origin, scheme, proxy });
  variants.push({ name: "no proxy, http", origin: http, scheme: "http" });
  variants.push({ name: "no proxy, https", origin: https, scheme: "https" });
  add("Gatehouse, http", "http", await startGatehouse(http));
  add(OURS, "https", await startGatehouse(https));
  for (const http2 of [false, true]) {
    const proxy = await startNirn(nirn, upstream, http2);
    if ("skipped" in proxy) return console.log(`nirn-proxy is skipped: ${proxy.skipped}`);
    add(http2 ? NIRN_FAST : "nirn-proxy, HTTP/1.1", "https", proxy);
  }
}

/** Every variant under `load`, in rounds that take turns. */
async function measure(
  loader: Program,
  variants: readonly Variant[],
  load: Load,
): Promise<Result[]> {
  const rounds = variants.map(() => [] as Omit<Result, "variant">[]);
  for (let round = 0; round < load.rounds; round++) {
    for (const [i, variant] of variants.entries()) {
      rounds[i]!.push(await measureOnce(loader, variant, load));
    }
  }
  return variants.map((variant, i) => ({
    variant,
    requests: median(rounds[i]!.map(({ requests }) => requests)),
    tookMs: median(rounds[i]!.map(({ tookMs }) => tookMs)),
    p50: median(rounds[i]!.map(({ p50 }) => p50)),
    p99: median(rounds[i]!.map(({ p99 }) => p99)),
    cpuUs: median(rounds[i]!.map(({ cpuUs }) => cpuUs)),
  }));
}

async function measureOnce(
  loader: Program,
  { origin, proxy }: Variant,
  { rounds: _, ...load }: Load,
) {
  const beforeUs = proxy ? await cpuUsOf(proxy.pid) : NaN;
  const answer = await loader.ask<LoadAnswer>({ ...load, origin } satisfies LoadQuestion);
  const afterUs = proxy ? await cpuUsOf(proxy.pid) : NaN;
  return { ...answer, cpuUs: (afterUs - beforeUs) / answer.requests };
}

/** The compiler has seen all of it before it counts. */
async function warmUp(loader: Program, variants: readonly Variant[]): Promise<void> {
  for (const { origin, proxy } of variants) {
    for (const load of proxy ? [FLOOD, FLOOD_POST] : [FLOOD]) await loader.ask({ ...load, origin });
  }
}

/** What `valueOf` gives for the baseline, divided by what it gives for `result`. */
function ratio(
  results: readonly Result[],
  result: Result,
  valueOf: (result: Result) => number,
): string {
  const find = (name: string) => results.find(({ variant }) => variant.name === name);
  const baseline = find(NIRN_FAST) ?? find(OURS)!;
  if (result === baseline) return "baseline";
  const [theirs, own] = [valueOf(baseline), valueOf(result)];
  // What noise has made negative has no ratio.
  return theirs > 0 && own > 0 ? times(theirs / own) : "–";
}

function costTable(kinds: Readonly<Record<string, readonly Result[]>>): Table {
  const names = Object.values(kinds)[0]!.map(({ variant }) => variant.name);
  const cells = (results: readonly Result[], row: number) => {
    const { cpuUs } = results[row]!;
    const against = ratio(results, results[row]!, (result) => result.cpuUs);
    return [figure(cpuUs), figure(1e6 / cpuUs), against];
  };
  const columns = ["requests/s per core", "baseline ÷ this"];
  return {
    title: `CPU of the proxy per request, ${CONNECTIONS} connections flat out`,
    columns: [
      "proxy",
      ...Object.keys(kinds).flatMap((kind) => [`${kind}: CPU µs`, ...columns]),
    ],
    rows: names.map((name, row) => [
      name,
      ...Object.values(kinds).flatMap((results) => cells(results, row)),
    ]),
  };
}

function latencyTable(title: string, results: readonly Result[]): Table {
  const added = (part: "p50" | "p99") => (result: Result) => {
    const { scheme } = result.variant;
    const direct = results.find(({ variant }) => !variant.proxy && variant.scheme === scheme)!;
    return result[part] - direct[part];
  };
  const cells = (result: Result, part: "p50" | "p99") => {
    if (!result.variant.proxy) return [figure(result[part]), "–", "–"];
    const against = ratio(results, result, added(part));
    return [figure(result[part]), figure(added(part)(result)), against];
  };
  const columns = ["added by the proxy", "baseline ÷ this"];
  return {
    title: `GET, ms until the answer, ${title}`,
    columns: ["variant", "p50", ...columns, "p99", ...columns, "CPU µs of the proxy"],
    rows: results.map((result) => [
      result.variant.name,
      ...cells(result, "p50"),
      ...cells(result, "p99"),
      figure(result.cpuUs),
    ]),
  };
}

async function main(): Promise<void> {
  if (Deno.build.os !== "linux") return console.log("rest is skipped: it needs Linux's /proc");
  const upstream = startProgram(new URL("./rest/upstream.ts", import.meta.url));
  const loader = startProgram(new URL("./rest/load.ts", import.meta.url));
  const nirn = createNirnStarter();
  const variants: Variant[] = [];
  try {
    const at = await upstream.ask<Upstream>({ limits: true } satisfies UpstreamQuestion);
    await startVariants(variants, at, nirn);
    await warmUp(loader, variants);
    const isProxy = ({ variant }: Result) => variant.proxy !== undefined;
    const gets = await measure(loader, variants, FLOOD);
    const posts = await measure(loader, variants.filter(({ proxy }) => proxy), FLOOD_POST);
    const paced = await measure(loader, variants, PACE);
    printTables([
      costTable({ GET: gets.filter(isProxy), "POST of 1.5 KB": posts }),
      latencyTable(`${PER_SECOND} requests/s`, paced),
      latencyTable(`${CONNECTIONS} connections flat out`, gets),
    ]);
  } finally {
    for (const { proxy } of variants) proxy?.end();
    // One that has failed cannot be ended; why it failed is what should be seen.
    await Promise.allSettled([nirn, loader, upstream].map((program) => program.end()));
  }
}

if (import.meta.main) await main();
