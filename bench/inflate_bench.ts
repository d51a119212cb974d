/**
 * Claims: zlib's synchronous handle costs less than the public stream and keeps a third of the memory
 * per connection; zlib-stream keeps a fraction of what zstd-stream does. Each connection has a
 * context of its own, so memory per context is memory per shard.
 *
 * @module
 */

import { once } from "node:events";
import zlib from "node:zlib";
import {
  type Inflater,
  type InflaterEvents,
  streamInflater,
  syncInflater,
} from "../gateway/inflate.ts";
import {
  compare,
  costTable,
  figure,
  printTables,
  type Table,
  times,
  type Work,
} from "./measure.ts";
import { makePayloads, PAYLOAD_KINDS, type PayloadKind } from "./payloads.ts";
import { answerQuestions, collectGarbage, startProgram } from "./program.ts";

type Packed = "zlib-stream" | "zstd-stream";
type Make = (compression: Packed, events: InflaterEvents) => Inflater;

const MAKERS: Readonly<Record<string, Make>> = { sync: syncInflater, stream: streamInflater };
const CONTEXTS = 400;
/** Enough to fill the window of either compression. */
const MESSAGES_PER_CONTEXT = 300;
/** Reference's figure for what a server of Discord's kind would choose; the runtime's own is larger. */
const ZSTD_WINDOW_LOG = 18;

/** What a server with one context for the whole connection sends for these payloads. */
async function pack(compression: Packed, payloads: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const packer = compression === "zlib-stream"
    ? zlib.createDeflate({ level: 6 })
    : zlib.createZstdCompress({
      params: { [zlib.constants.ZSTD_c_windowLog]: ZSTD_WINDOW_LOG },
    });
  const flush = compression === "zlib-stream"
    ? zlib.constants.Z_SYNC_FLUSH
    : zlib.constants.ZSTD_e_flush;
  const messages: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  packer.on("data", (part: Uint8Array) => parts.push(part));
  for (const payload of payloads) {
    packer.write(payload);
    await new Promise<void>((resolve) => packer.flush(flush, () => resolve()));
    messages.push(Uint8Array.from(parts.flatMap((part) => [...part])));
    parts = [];
  }
  packer.end();
  await once(packer, "end");
  return messages;
}

/** Inflates `count` messages; a stream that is at its end begins again in a new context. */
function inflating(make: Make, compression: Packed, messages: readonly Uint8Array[]): Work {
  return (count) =>
    new Promise((resolve, reject) => {
      let left = count;
      let inflater: Inflater;
      const begin = () =>
        inflater = make(compression, {
          payload: () => {
            if (--left === 0) resolve();
          },
          corrupt: (reason) => reject(new Error(reason)),
        });
      for (let i = 0; i < count; i++) {
        if (i % messages.length === 0) begin();
        inflater!.push(messages[i % messages.length]!);
      }
    });
}

async function costs(kind: PayloadKind): Promise<Table> {
  const payloads = makePayloads(kind, 2_000);
  const zlibMessages = await pack("zlib-stream", payloads);
  const zstdMessages = await pack("zstd-stream", payloads);
  const results = await compare({
    "zlib, public stream": inflating(streamInflater, "zlib-stream", zlibMessages),
    "zlib, sync handle": inflating(syncInflater, "zlib-stream", zlibMessages),
    "zstd, public stream": inflating(streamInflater, "zstd-stream", zstdMessages),
    "zstd, sync handle": inflating(syncInflater, "zstd-stream", zstdMessages),
  });
  return costTable(`Inflate, per message: ${kind.label}`, results, "zlib, public stream");
}

/** KB that a context takes, measured in a new process: memory that was freed would be used again. */
async function contextKb(question: Question): Promise<number> {
  const program = startProgram(new URL(import.meta.url), ["--contexts"]);
  const kb = await program.ask<number>(question);
  await program.end();
  return kb;
}

interface Question {
  readonly compression: Packed;
  readonly maker: string;
}

async function measureContexts({ compression, maker }: Question): Promise<number> {
  const payloads = makePayloads(PAYLOAD_KINDS.message, MESSAGES_PER_CONTEXT);
  const messages = await pack(compression, payloads);
  const fill = async (count: number): Promise<Context[]> => {
    const contexts = Array.from({ length: count }, () => openContext(MAKERS[maker]!, compression));
    for (const message of messages) await Promise.all(contexts.map((push) => push(message)));
    return contexts;
  };
  const kept = [await fill(20)];
  const before = resident();
  kept.push(await fill(CONTEXTS));
  const kb = (resident() - before) / 1024 / CONTEXTS;
  // Until here they must live.
  return kept.length === 2 ? kb : NaN;
}

/** Inflates one message; resolves when its payload came out. */
type Context = (message: Uint8Array) => Promise<void>;

function openContext(make: Make, compression: Packed): Context {
  let waiting = Promise.withResolvers<void>();
  const inflater = make(compression, {
    payload: () => waiting.resolve(),
    corrupt: (reason) => waiting.reject(new Error(reason)),
  });
  return (message) => {
    waiting = Promise.withResolvers();
    inflater.push(message);
    return waiting.promise;
  };
}

function resident(): number {
  collectGarbage();
  return Deno.memoryUsage().rss;
}

async function memory(): Promise<Table> {
  const rows: string[][] = [];
  let baseline = NaN;
  for (const compression of ["zlib-stream", "zstd-stream"] as const) {
    for (const maker of ["stream", "sync"]) {
      const kb = await contextKb({ compression, maker });
      if (rows.length === 0) baseline = kb;
      rows.push([`${compression}, ${maker}`, figure(kb), times(kb / baseline)]);
    }
  }
  return {
    title: `Inflate, memory of one context (${CONTEXTS} contexts, resident)`,
    columns: ["variant", "KB", "this ÷ baseline"],
    rows,
  };
}

/** One table per size, one of memory. */
export async function run(): Promise<Table[]> {
  return [
    await costs(PAYLOAD_KINDS.small),
    await costs(PAYLOAD_KINDS.message),
    await memory(),
  ];
}

if (import.meta.main) {
  if (Deno.args.includes("--contexts")) await answerQuestions(measureContexts);
  else printTables(await run());
}
