/**
 * The receiving end of `socket_bench.ts`, in a process of its own for each client, so that neither
 * time nor memory is another's.
 *
 * @module
 */

import type { Connect, Socket } from "../../ports/socket.ts";
import { TEST_CA } from "../../tests/support/test_certificate.ts";
import { answerQuestions, collectGarbage, cpuUs } from "../program.ts";
import { CLIENTS } from "./rivals.ts";

/** What the benchmark asks for. */
export type ClientQuestion =
  /** Opens so many more sockets. */
  | { readonly do: "open"; readonly client: string; readonly url: string; readonly sockets: number }
  /** Begins to count. */
  | { readonly do: "count"; readonly messages: number }
  /** CPU µs per message, as soon as all that were to be counted have come. */
  | { readonly do: "cost" }
  /** Resident bytes, after a collection. */
  | { readonly do: "bytes" };

/** Sockets that are opened at the same time. */
const TOGETHER = 32;

const connects: Record<string, Connect> = {};
const sockets: Socket[] = [];
let received = 0;
let wanted = Infinity;
let atUs = 0;
let counted = Promise.withResolvers<number>();

function message(): void {
  if (++received === wanted) counted.resolve((cpuUs() - atUs) / wanted);
}

function open(connect: Connect, url: string): Promise<void> {
  return new Promise((opened, failed) => {
    sockets.push(
      connect(url, {
        open: opened,
        message,
        closed: (code) => failed(new Error(`closed with ${code}`)),
        failed: (reason) => failed(new Error(reason)),
      }),
    );
  });
}

async function openAll(client: string, url: string, count: number): Promise<void> {
  const connect = connects[client] ??= CLIENTS[client]!(TEST_CA);
  for (let left = count; left > 0; left -= TOGETHER) {
    const some = Math.min(left, TOGETHER);
    await Promise.all(Array.from({ length: some }, () => open(connect, url)));
  }
}

async function answer(question: ClientQuestion): Promise<unknown> {
  switch (question.do) {
    case "open":
      return await openAll(question.client, question.url, question.sockets);
    case "count":
      received = 0;
      wanted = question.messages;
      counted = Promise.withResolvers();
      atUs = cpuUs();
      return;
    case "cost":
      return await counted.promise;
    case "bytes":
      for (let i = 0; i < 3; i++) {
        collectGarbage();
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return Deno.memoryUsage().rss;
  }
}

if (import.meta.main) await answerQuestions(answer);
