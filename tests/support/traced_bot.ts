/** A bot that tells the trace of each event. Not a test. */

import { defineBot, type EventContext } from "../../mod.ts";

const tell = (_: unknown, { log, traceparent }: EventContext) =>
  log.info("traced", { traceparent: traceparent() });

export default defineBot({ events: { GUILD_CREATE: tell, READY: tell } });
