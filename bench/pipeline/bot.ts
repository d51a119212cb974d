/**
 * The bot of the benchmark: parses whatever the world sends and leaves it at the sink. Copied beside
 * `sink.ts` into a folder of its own, whose `deno.json` says which Gatehouse `gatehouse` is.
 *
 * @module
 */

import { defineBot } from "gatehouse";
import { openSink, type Sink } from "./sink.ts";

let sink: Sink;
const take = (d: unknown) => sink(d);

/** What `BOT_MODULE` exports by default. */
export const bot = defineBot({
  // Not where the module is loaded: a connection that is open then would keep Deno from going on.
  async start() {
    sink = await openSink(Number(Deno.env.get("BENCH_SINK_PORT")));
  },
  events: {
    GUILD_MEMBER_UPDATE: take,
    INTERACTION_CREATE: take,
    MESSAGE_CREATE: take,
    MESSAGE_REACTION_ADD: take,
    MESSAGE_UPDATE: take,
    PRESENCE_UPDATE: take,
    TYPING_START: take,
    VOICE_STATE_UPDATE: take,
  },
});
