/**
 * The rest of a party's world, in a process of its own that does not count: the simulator, which
 * sends at a rate or as fast as events come back, and the ear for what arrived at the party's sink.
 *
 * @module
 */

import { createSimulator, serveSimulator, type Simulator } from "../../sim/mod.ts";
import { answerQuestions, lines } from "../program.ts";
import { createSenders, type Payload, type Send } from "./load.ts";
import { eventsDue, waitMs } from "./pacing.ts";
import type { SinkQuestion, SinkWord } from "./sink.ts";

/** What the world is asked for. */
export type WorldQuestion =
  /** Starts it; answered with its {@linkcode WorldAddress}. */
  | { readonly do: "serve"; readonly shards: number; readonly guilds: number }
  /** Answered when an event of every guild has come to the sink, or with why none will. */
  | { readonly do: "ready"; readonly limitMs: number }
  /** Sends one event after the other, at a rate; answered with the {@linkcode Sent}. */
  | {
    readonly do: "pace";
    readonly payload: Payload;
    readonly perSecond: number;
    readonly forMs: number;
  }
  /** Sends events as fast as they come back, `underWay` ahead; answered with the {@linkcode Sent}. */
  | {
    readonly do: "flood";
    readonly payload: Payload;
    readonly underWay: number;
    readonly forMs: number;
  }
  /** Answered with the {@linkcode Delays} of what was sent last. */
  | { readonly do: "delays" };

/** Where the world is. */
export interface WorldAddress {
  readonly apiUrl: string;
  readonly gatewayUrl: string;
  readonly token: string;
  /** Where sinks connect. */
  readonly sinkPort: number;
}

/** What became of a run's events. */
export interface Sent {
  readonly sent: number;
  readonly received: number;
  /** From the first event until the last was sent and, as far as any did, came. */
  readonly tookMs: number;
  /** Events that were sent together, on average. At a rate it is 1, unless the machine is too busy. */
  readonly together: number;
}

/** From the world's `publish` to the bot's handler, ms. `null` where the sink cannot tell. */
export interface Delays {
  readonly p50: number | null;
  readonly p99: number | null;
}

const STEP_EVENTS = 100;
/** Nothing has come for so long: the rest is lost. */
const GIVE_UP_MS = 5_000;
/** A sink that has not answered for so long is gone. */
const ANSWER_MS = 10_000;
const POLL_MS = 20;

let sim: Simulator;
let senders: Record<Payload, Send>;
let sink: Deno.TcpConn | undefined;
let run = 0;
let received = 0;
let heardMs = 0;
let begun = Promise.withResolvers<void>();
let delaysTold = Promise.withResolvers<Delays>();
const gate = new Int32Array(new SharedArrayBuffer(4));

function serve(shards: number, guilds: number): WorldAddress {
  sim = createSimulator({ shards, guilds, maxConcurrency: shards });
  senders = createSenders(sim);
  const { apiUrl, gatewayUrl } = serveSimulator(sim);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  void listen(listener);
  return { apiUrl, gatewayUrl, token: sim.settings.token, sinkPort: listener.addr.port };
}

async function listen(listener: Deno.TcpListener): Promise<never> {
  for (;;) {
    const conn = sink = await listener.accept();
    conn.setNoDelay(true);
    try {
      for await (const line of lines(conn.readable)) hear(JSON.parse(line) as SinkWord);
    } catch {
      // The handler's process has been ended; what misses it gives up in time.
    }
    sink = undefined;
  }
}

function hear(word: SinkWord): void {
  if ("p50" in word) delaysTold.resolve(word);
  else if (word.run === run) {
    if (word.received > received) heardMs = performance.now();
    received = word.received;
    begun.resolve();
  }
}

async function ask(question: SinkQuestion): Promise<void> {
  await sink?.write(new TextEncoder().encode(`${JSON.stringify(question)}\n`));
}

async function ready(limitMs: number): Promise<string | null> {
  const endMs = performance.now() + limitMs;
  const { shards } = sim.settings;
  const isUp = () => sink !== undefined && sim.gateway.sessions.all().length >= shards;
  while (!isUp()) {
    if (performance.now() > endMs) {
      const up = sim.gateway.sessions.all().length;
      return `${up} of ${shards} shards are there, and ${sink ? "the" : "no"} handler is`;
    }
    await pause(POLL_MS);
  }
  await begin();
  for (let i = 0; i < sim.world.guilds.size; i++) senders[300](run);
  const arrived = await drained(sim.world.guilds.size, limitMs);
  return arrived ? null : `${received} of ${sim.world.guilds.size} events came through`;
}

async function pace(payload: Payload, perSecond: number, forMs: number): Promise<Sent> {
  await begin();
  const send = senders[payload];
  const startMs = performance.now();
  let sent = 0;
  let turns = 0;
  for (;;) {
    const elapsedMs = performance.now() - startMs;
    if (elapsedMs >= forMs) return await end(sent, turns, startMs);
    const due = eventsDue(elapsedMs, perSecond);
    if (due > sent) turns++;
    for (; sent < due; sent++) send(run);
    // What was sent is written in the turn that ends here.
    await soon();
    const left = waitMs(performance.now() - startMs, perSecond, sent);
    if (left > 0) Atomics.wait(gate, 0, 0, left);
  }
}

async function flood(payload: Payload, underWay: number, forMs: number): Promise<Sent> {
  await begin();
  const send = senders[payload];
  const startMs = performance.now();
  let sent = 0;
  for (;;) {
    if (performance.now() - startMs >= forMs) return await end(sent, sent / STEP_EVENTS, startMs);
    if (sent - received >= underWay) await pause(1);
    else for (let i = 0; i < STEP_EVENTS; i++, sent++) send(run);
    await soon();
  }
}

/** A run of its own for what follows: what comes late of the one before does not count. */
async function begin(): Promise<void> {
  run++;
  received = 0;
  begun = Promise.withResolvers();
  await ask({ do: "begin", run });
  await answered(begun.promise);
}

async function end(sent: number, turns: number, startMs: number): Promise<Sent> {
  const sentMs = performance.now();
  await drained(sent, GIVE_UP_MS);
  const tookMs = Math.max(sentMs, heardMs) - startMs;
  return { sent, received, tookMs, together: sent / turns };
}

/** Waits for `count` events, until nothing has come for `quietMs`. */
async function drained(count: number, quietMs: number): Promise<boolean> {
  let lastMs = performance.now();
  for (let before = received; received < count; before = received) {
    await ask({ do: "count" });
    await pause(POLL_MS);
    if (received !== before) lastMs = performance.now();
    if (performance.now() - lastMs > quietMs) return false;
  }
  return true;
}

async function delays(): Promise<Delays> {
  delaysTold = Promise.withResolvers();
  await ask({ do: "delays" });
  return await answered(delaysTold.promise);
}

/** What a sink answers, unless it is gone. */
async function answered<Answer>(answer: Promise<Answer>): Promise<Answer> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error("Cannot measure: no handler answers")),
    ANSWER_MS,
  );
  return await Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function soon(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

function answer(question: WorldQuestion): unknown {
  switch (question.do) {
    case "serve":
      return serve(question.shards, question.guilds);
    case "ready":
      return ready(question.limitMs);
    case "pace":
      return pace(question.payload, question.perSecond, question.forMs);
    case "flood":
      return flood(question.payload, question.underWay, question.forMs);
    case "delays":
      return delays();
  }
}

if (import.meta.main) await answerQuestions(answer);
