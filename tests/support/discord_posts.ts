/** What Discord POSTs by itself: interactions and Webhook Events, signed, to an app that listens nowhere. */

import { loadHono } from "../../deps.ts";
import { createSimulator } from "../../sim/mod.ts";
import { createHttpEvents } from "../../sim/rest/http_events.ts";
import type { Clock } from "../../ports/clock.ts";

/** An app without routes, and a Discord that POSTs to it. */
export async function discordPosts(clock: Clock) {
  const { Hono } = await loadHono();
  const app = new Hono();
  const { world, rest } = createSimulator({ clock, guilds: 1 });
  const http = createHttpEvents({
    clock,
    world,
    hear: rest.hear,
    async post(url, headers, body) {
      const response = await app.request(url, { method: "POST", headers, body });
      const text = await response.text();
      return { status: response.status, body: text === "" ? null : JSON.parse(text) };
    },
  });
  return { app, http };
}
