/**
 * Who gets the events of `posts_bench.ts`, in a process of its own: by our own client over the event link, or by
 * POST, with the example of a receiver. Answers what it cost, and how long events were on their way.
 *
 * @module
 */

import { createReceiver } from "../../examples/http_receiver.ts";
import { type BotContext, defineBot, serveEvents } from "../../mod.ts";
import { silentLog } from "../../ports/log.ts";
import { median, quantile } from "../measure.ts";
import { answerQuestions, cpuUs } from "../program.ts";

/** Opens a port, or tells what has come since the last time that it was asked. */
export type ReceiverQuestion =
  | { readonly ask: "open"; readonly way: "link" | "post"; readonly secretKey: string }
  | { readonly ask: "tell" };

/** What has come. */
export interface Received {
  readonly events: number;
  readonly cpuUs: number;
  /** From the queue to the handler. */
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** The time that all processes of this machine agree on. */
export function sharedMs(): number {
  return performance.timeOrigin + performance.now();
}

let delays: number[] = [];
let cpuBefore = 0;

function got(d: { sentMs: number }): void {
  delays.push(sharedMs() - d.sentMs);
}

async function open(way: "link" | "post", secretKey: string): Promise<string> {
  if (way === "link") {
    const bot = defineBot({ events: { BENCH: (d: never, _: BotContext) => got(d) } as never });
    const server = await serveEvents({ port: 0, secretKey, log: silentLog }, bot);
    return `ws://127.0.0.1:${server.port}/`;
  }
  const receive = createReceiver(secretKey, ({ payload }) => got(payload!.d as never));
  const { addr } = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, receive);
  return `http://127.0.0.1:${addr.port}/`;
}

function tell(): Received {
  const events = delays.length;
  const [p50Ms, p95Ms] = [median(delays), quantile(delays, 0.95)];
  const cpu = cpuUs() - cpuBefore;
  delays = [];
  cpuBefore = cpuUs();
  return { events, cpuUs: cpu, p50Ms, p95Ms };
}

if (import.meta.main) {
  await answerQuestions((question: ReceiverQuestion) =>
    question.ask === "open" ? open(question.way, question.secretKey) : tell()
  );
}
