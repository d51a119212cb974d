/**
 * A bot for tests of real clusters: does what a message tells it to, and reports through REST.
 *
 * @module
 */

import { defineBot } from "../../bot/define_bot.ts";
import type { Rest } from "../../bot/rest.ts";

let reporter: Rest | undefined;
let refuses = false;

const report = (rest: Rest, content: unknown) => rest.post("/reports", { content });

export default defineBot({
  events: {
    async MESSAGE_CREATE(message, { rest, shardId, log }) {
      reporter = rest;
      switch (message.content) {
        case "crash":
          return Deno.exit(7);
        case "hang":
          return await new Promise<void>(() => {});
        case "spin":
          return await report(rest, "spinning").then(spin);
        case "refuse to stop":
          refuses = true;
          return;
        case "forget a rejection":
          void Promise.reject(new Error("forgotten"));
          return;
        case "log":
          console.log("plain words");
          return log.info("words of a bot", { shardId });
        case "permissions":
          return await report(rest, await permissions(Number(message.nonce)));
        default:
          return await report(rest, message.content);
      }
    },
  },
  async shutdown() {
    if (refuses) await new Promise<void>(() => {});
    if (reporter) await report(reporter, "shutdown");
  },
});

function spin(): never {
  while (true);
}

/** What this process may do. Somebody listens at `port` of this machine. */
async function permissions(port: number): Promise<Record<string, unknown>> {
  return {
    token: variable("DISCORD_TOKEN"),
    passed: variable("PASSED"),
    inherited: variable("WS_NO_BUFFER_UTIL"),
    read: attempt(() => Deno.readTextFileSync(new URL(import.meta.url))),
    run: attempt(() => new Deno.Command("/bin/true").outputSync()),
    listen: attempt(() => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close()),
    listenToAll: attempt(() => Deno.listen({ hostname: "0.0.0.0", port: 0 }).close()),
    listenAt: attempt(() => Deno.listen({ hostname: "127.0.0.1", port: port + 1 }).close()),
    connect: await attemptLater(async () => (await Deno.connect({ port })).close()),
    connectByAddress: await attemptLater(async () =>
      (await Deno.connect({ hostname: "127.0.0.1", port })).close()
    ),
    fetch: await attemptLater(async () => {
      await (await fetch(`http://127.0.0.1:${port}/`)).body?.cancel();
    }),
  };
}

/** A variable that must not be read is as good as one that is not set. */
function variable(name: string): unknown {
  const value = attempt(() => Deno.env.get(name) ?? "nothing");
  return value === "NotCapable" ? "nothing" : value;
}

async function attemptLater(what: () => Promise<void>): Promise<unknown> {
  return await what().then(() => "done", (error) => error.name);
}

function attempt(what: () => unknown): unknown {
  try {
    return what() ?? "done";
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}
