/**
 * The rest of a unit's world, in a process of its own: the simulator, and the
 * consumer of the events that come back. Both read one clock, so a delay is a difference.
 *
 * @module
 */

import { EventConsumer } from "../bot/link/consumer.ts";
import { dialEvents } from "../bot/link/dial.ts";
import { systemClock } from "../ports/clock.ts";
import { silentLog } from "../ports/log.ts";
import { systemRandom } from "../ports/random.ts";
import { nativeConnect } from "../ports/socket_native.ts";
import { preparedTail } from "../sim/world/body.ts";
import { createSimulator, serveSimulator, type Simulator } from "../sim/mod.ts";
import { quantile } from "./measure.ts";
import { makePayloads, PAYLOAD_KINDS } from "./payloads.ts";
import { answerQuestions } from "./program.ts";

/** What the benchmark asks for. */
export type PeerQuestion =
  /** Starts the simulator; answered with its {@linkcode PeerAddress}. */
  | { readonly do: "serve"; readonly shards: number; readonly guilds: number }
  /** Takes events from a unit by the event link, or as one text per event. */
  | { readonly do: "dial"; readonly url: string; readonly as: "link" | "texts" }
  /** Sends events of the usual mix as fast as they come back; answered with the ms until all had. */
  | { readonly do: "flood"; readonly count: number }
  /** Sends events at a rate; answered with their {@linkcode Delays}. */
  | { readonly do: "pace"; readonly perSecond: number; readonly forMs: number };

/** Where the simulator is. */
export interface PeerAddress {
  readonly gatewayUrl: string;
  readonly token: string;
}

/** From the simulator's `publish` to the bot's handler, ms. */
export interface Delays {
  readonly p50: number;
  readonly p99: number;
  readonly sent: number;
  readonly received: number;
}

/** Events that may be under way: far from what fills a queue. */
const UNDER_WAY = 10_000;
const STEP_EVENTS = 200;
/** Nothing has come for so long: nothing is under way. */
const QUIET_MS = 200;

let sim: Simulator | undefined;
let received = 0;
let parsesAll = false;
let delaysMs: number[] = [];

function simulator(): Simulator {
  if (!sim) throw new Error("Cannot send: ask to serve first");
  return sim;
}

function serve(shards: number, guilds: number): PeerAddress {
  sim = createSimulator({ shards, guilds, maxConcurrency: shards });
  const { gatewayUrl } = serveSimulator(sim);
  return { gatewayUrl, token: sim.settings.token };
}

function handle(d: unknown): void {
  const sentMs = (d as { sentMs?: number } | null)?.sentMs;
  if (sentMs !== undefined) delaysMs.push(performance.now() - sentMs);
}

function dialLink(url: string): void {
  const consumer = new EventConsumer({
    clusterId: 0,
    clock: systemClock,
    log: silentLog,
    receiver: {
      wants() {
        received++;
        return parsesAll;
      },
      receive: ({ d }) => handle(d),
    },
  });
  dialEvents({
    url,
    authorization: "bench",
    consumer,
    connect: nativeConnect,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  });
}

function dialTexts(url: string): void {
  new WebSocket(url).onmessage = ({ data }) => {
    received++;
    if (parsesAll) handle((JSON.parse(data) as { payload: { d: unknown } }).payload.d);
  };
}

async function quiet(): Promise<void> {
  for (let before = -1; before !== received;) {
    before = received;
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }
}

async function flood(count: number): Promise<number> {
  const { traffic } = simulator();
  await quiet();
  const startMs = performance.now();
  const target = received + count;
  parsesAll = false;
  for (let left = count; received < target;) {
    const room = UNDER_WAY - (target - left - received);
    const step = Math.min(left, STEP_EVENTS, Math.max(0, room));
    traffic.burst(step);
    left -= step;
    await new Promise<void>((resolve) => void systemClock.soon(resolve));
  }
  return performance.now() - startMs;
}

async function pace(perSecond: number, forMs: number): Promise<Delays> {
  const { world } = simulator();
  const guildIds = [...world.guilds.keys()];
  const tail = messageTail();
  await quiet();
  const before = received;
  let sent = 0;
  parsesAll = true;
  delaysMs = [];
  const startMs = performance.now();
  while (performance.now() - startMs < forMs) {
    const due = (performance.now() - startMs) * perSecond / 1000;
    for (; sent < due; sent++) {
      const guildId = guildIds[sent % guildIds.length]!;
      const head = `{"guild_id":"${guildId}","sentMs":${performance.now()},`;
      world.publish("MESSAGE_CREATE", guildId, { key: "", head, tail });
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await quiet();
  return {
    p50: quantile(delaysMs, 0.5),
    p99: quantile(delaysMs, 0.99),
    sent,
    received: received - before,
  };
}

/** The end of a body of about 1.2 KB, as hard to compress as others of its kind. */
function messageTail() {
  const [payload] = makePayloads(PAYLOAD_KINDS.message, 1);
  const text = new TextDecoder().decode(payload);
  return preparedTail(text.slice(text.indexOf('"members"'), -1));
}

function answer(question: PeerQuestion): unknown {
  switch (question.do) {
    case "serve":
      return serve(question.shards, question.guilds);
    case "dial":
      return question.as === "link" ? dialLink(question.url) : dialTexts(question.url);
    case "flood":
      return flood(question.count);
    case "pace":
      return pace(question.perSecond, question.forMs);
  }
}

if (import.meta.main) await answerQuestions(answer);
