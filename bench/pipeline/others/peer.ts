/**
 * Another library's bot in a process of its own: its gateway, and either its handler too or a way to
 * the process that has it.
 *
 * @module
 */

import { answerQuestions } from "../../program.ts";
import { connectDiscordeno } from "./discordeno.ts";
import { connectDiscordjs } from "./discordjs.ts";
import type { ConnectOptions } from "../party.ts";
import { openSink } from "../sink.ts";
import type { WorldAddress } from "../world.ts";

/** The one question to a peer; answered when every shard is ready. */
export interface PeerQuestion {
  readonly library: "discordeno" | "discordjs";
  readonly world: WorldAddress;
  readonly shards: number;
  readonly intents: number;
  readonly way: Way;
}

/** Where its events go: to a handler in the same process, or as JSON to a process at a port. */
export type Way =
  | { readonly kind: "handler" }
  | { readonly kind: "socket" | "post"; readonly port: number };

const LIBRARIES = { discordeno: connectDiscordeno, discordjs: connectDiscordjs };

async function wayOut(way: Way, sinkPort: number): Promise<ConnectOptions["dispatch"]> {
  switch (way.kind) {
    case "handler": {
      const sink = await openSink(sinkPort);
      return (_, { d }) => sink(d);
    }
    case "socket": {
      const socket = new WebSocket(`ws://127.0.0.1:${way.port}`);
      await new Promise((resolve) => socket.onopen = resolve);
      return (shardId, payload) => socket.send(JSON.stringify({ shardId, payload }));
    }
    case "post":
      return (shardId, payload) => void post(way.port, JSON.stringify({ shardId, payload }));
  }
}

/** As the guide does: what cannot be delivered is lost. */
async function post(port: number, body: string): Promise<void> {
  try {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`http://127.0.0.1:${port}`, { method: "POST", headers, body });
    await response.body?.cancel();
  } catch {
    // The world counts what has not come.
  }
}

if (import.meta.main) {
  await answerQuestions(async ({ library, way, ...options }: PeerQuestion) => {
    const dispatch = await wayOut(way, options.world.sinkPort);
    await LIBRARIES[library]({ ...options, dispatch });
  });
}
