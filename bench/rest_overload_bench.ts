/**
 * The REST proxy when ten times as much is asked as Discord allows: how much later does a first
 * response to an interaction get its answer, which is lost after 3 s?
 *
 * The simulator keeps Discord's limits, the proxy its default ones. Each response is sent through the
 * proxy or straight to the simulator, in turns, so that what the busy machine costs is in both. The
 * interactions are unknown: the simulator answers 404, which takes the same way as a 204.
 *
 * @module
 */

import { ERROR_HEADER } from "../rest/problem.ts";
import { seededId } from "../sim/world/make_guilds.ts";
import { figure, printTables, quantile, type Table } from "./measure.ts";
import { startGatehouse } from "./rest/proxies.ts";
import { startSimulator } from "./rest/simulator.ts";

/** ms of each response in one phase. */
interface Times {
  readonly direct: number[];
  readonly proxied: number[];
}

/** Where a request may be sent. */
interface Origins {
  readonly direct: string;
  readonly proxied: string;
}

/** What became of the load. */
interface Fates {
  asked: number;
  answered: number;
  sentAway: number;
}

const GUILDS = 60;
/** Discord allows 50. */
const LOAD_PER_SECOND = 500;
/** Every 50 ms one through the proxy, and as many past it. */
const RESPONSES_PER_SECOND = 40;
const WARM_MS = 1_000;
const IDLE_MS = 8_000;
const LOAD_MS = 20_000;
/** So long a request waits in the proxy. Shorter than the load is: it is full most of the time. */
const WAIT_MS = 5_000;
/** Whatever has no answer by then never gets one. */
const DEADLINE_MS = 40_000;

/** Does `act` so many times per second, however long each takes; resolves when all are done. */
async function pace(
  perSecond: number,
  forMs: number,
  act: (i: number) => Promise<void>,
): Promise<void> {
  const acts: Promise<void>[] = [];
  const startMs = performance.now();
  for (let ms = 0; ms < forMs; ms = performance.now() - startMs) {
    while (acts.length <= ms * perSecond / 1000) {
      const done = act(acts.length);
      // Told of below; until then nobody has forgotten it.
      done.catch(() => {});
      acts.push(done);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(acts);
}

/** A program that asks: the load over one pool of connections, the responses over another. */
class Caller {
  readonly #origins: Origins;
  readonly #deadline = AbortSignal.timeout(DEADLINE_MS);
  /** Of its own, so that a response finds an open connection at either end. */
  readonly #client = Deno.createHttpClient({ http2: false });
  #responses = 0;

  constructor(origins: Origins) {
    this.#origins = origins;
  }

  /** The channels of all guilds. */
  async channels(): Promise<string[]> {
    const lists = Array.from({ length: GUILDS }, async (_, index) => {
      const response = await this.#ask("GET", `/guilds/${seededId(index, 0)}/channels`);
      return await response.json() as { id: string }[];
    });
    return (await Promise.all(lists)).flat().map(({ id }) => id);
  }

  /** First responses to interactions, both ways, for `forMs`. */
  async respond(forMs: number): Promise<Times> {
    const times: Times = { direct: [], proxied: [] };
    await pace(RESPONSES_PER_SECOND, forMs, async (i) => {
      // In pairs whose order changes: neither way always meets the same beat of the load.
      const way = i % 4 === 0 || i % 4 === 3 ? "proxied" : "direct";
      times[way].push(await this.#respond(this.#origins[way]));
    });
    return times;
  }

  /** What a busy bot asks for, through the proxy, for `forMs` and until all has its answer. */
  async load(channels: readonly string[], forMs: number): Promise<Fates> {
    const fates: Fates = { asked: 0, answered: 0, sentAway: 0 };
    await pace(LOAD_PER_SECOND, forMs, async (i) => {
      const channel = `/channels/${channels[i % channels.length]}`;
      // Shifted by one with each round of the channels: every channel gets every kind.
      const [method, path, body] = KINDS[(i + Math.floor(i / channels.length)) % KINDS.length]!;
      fates.asked++;
      const response = await this.#ask(method, channel + path, body);
      await response.bytes();
      if (response.headers.has(ERROR_HEADER)) fates.sentAway++;
      else if (response.ok || response.status === 429) fates.answered++;
      else throw new Error(`Cannot go on: ${method} …${path} is answered ${response.status}`);
    });
    return fates;
  }

  close(): void {
    this.#client.close();
  }

  #ask(method: string, path: string, body?: string): Promise<Response> {
    return fetch(`${this.#origins.proxied}/api/v10${path}`, {
      method,
      headers: { authorization: "Bot any", ...body && { "content-type": "application/json" } },
      signal: this.#deadline,
      ...body && { body },
    });
  }

  /** Resolves to the ms until all of the answer was there. */
  async #respond(origin: string): Promise<number> {
    const id = (BigInt(seededId(0, 31)) + BigInt(this.#responses++)).toString();
    const startMs = performance.now();
    const response = await fetch(`${origin}/api/v10/interactions/${id}/token/callback`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: RESPONSE,
      client: this.#client,
      signal: this.#deadline,
    });
    const text = await response.text();
    const tookMs = performance.now() - startMs;
    if (response.headers.has(ERROR_HEADER) || !text.includes(UNKNOWN_INTERACTION)) {
      throw new Error(`Cannot go on: a response is answered ${response.status} ${text}`);
    }
    return tookMs;
  }
}

const MESSAGE = JSON.stringify({ content: "x".repeat(200) });
const RESPONSE = JSON.stringify({ type: 4, data: { content: "pong" } });
const UNKNOWN_INTERACTION = `"code":10062`;
const KINDS: readonly (readonly [method: string, path: string, body?: string])[] = [
  ["POST", "/messages", MESSAGE],
  ["GET", ""],
  ["POST", "/messages", MESSAGE],
  ["POST", "/typing"],
];

function table(idle: Times, loaded: Times): Table {
  const rows = ([["idle", idle], ["under load", loaded]] as const).flatMap(([phase, times]) => {
    const [direct, proxied] = [times.direct, times.proxied].map((ms) => [
      quantile(ms, 0.5),
      quantile(ms, 0.99),
    ]) as [number[], number[]];
    return [
      [`direct, ${phase}`, ...direct.map(figure), "–", "–"],
      [
        `through the proxy, ${phase}`,
        ...proxied.map(figure),
        ...proxied.map((ms, i) => figure(ms - direct[i]!)),
      ],
    ];
  });
  return {
    title: "First response to an interaction, ms until its answer",
    columns: ["way", "p50", "p99", "added p50", "added p99"],
    rows,
  };
}

async function run(caller: Caller): Promise<{ readonly shown: Table; readonly fates: Fates }> {
  const channels = await caller.channels();
  // The compiler has seen all of it before it counts.
  await Promise.all([caller.respond(WARM_MS), caller.load(channels, WARM_MS / 20)]);
  const idle = await caller.respond(IDLE_MS);
  const [loaded, fates] = await Promise.all([
    caller.respond(LOAD_MS),
    caller.load(channels, LOAD_MS),
  ]);
  return { shown: table(idle, loaded), fates };
}

async function main(): Promise<void> {
  const simulator = await startSimulator(GUILDS);
  try {
    const proxy = await startGatehouse(simulator.origin, {
      REST_WAIT_MS: String(WAIT_MS),
      // Each request that waits has one.
      LISTEN_CONNECTIONS: "4000",
    });
    const caller = new Caller({ direct: simulator.origin, proxied: proxy.origin });
    try {
      const { shown, fates } = await run(caller);
      printTables([shown]);
      // The proxy's own counters have those only that it did not try again.
      const refused = (await simulator.brokenRules())
        .filter((line) => /429 of scope (user|global)/.test(line));
      console.log(
        `\nThe load: ${figure(fates.asked)} requests asked in ${LOAD_MS / 1000} s, ` +
          `${figure(fates.answered)} answered by Discord, ${figure(fates.sentAway)} sent away by ` +
          `the proxy; 429s of scope user or global from the simulator: ${refused.length}`,
      );
    } finally {
      caller.close();
      proxy.end();
    }
  } finally {
    await simulator.end();
  }
}

if (import.meta.main) await main();
