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
          return await report(rest, permissions());
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

function permissions(): Record<string, unknown> {
  return {
    token: variable("DISCORD_TOKEN"),
    passed: variable("PASSED"),
    inherited: variable("WS_NO_BUFFER_UTIL"),
    read: attempt(() => Deno.readTextFileSync(new URL(import.meta.url))),
    run: attempt(() => new Deno.Command("/bin/true").outputSync()),
    net: attempt(() => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close()),
  };
}

/** A variable that must not be read is as good as one that is not set. */
function variable(name: string): unknown {
  const value = attempt(() => Deno.env.get(name) ?? "nothing");
  return value === "NotCapable" ? "nothing" : value;
}

function attempt(what: () => unknown): unknown {
  try {
    return what() ?? "done";
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}
