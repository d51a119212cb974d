/**
 * The example bot as a remote cluster: the unit dials it. Start this first, then a unit with
 * `EVENT_HANDLER_URL=ws://127.0.0.1:8788` and the same `EVENT_HANDLER_SECRET_KEY`:
 *
 * ```sh
 * EVENT_HANDLER_SECRET_KEY=… deno run --allow-net --allow-env examples/remote_cluster.ts
 * ```
 *
 * @module
 */

import { serveEvents } from "gatehouse";
import bot from "./bot.ts";

const server = await serveEvents({
  port: 8788,
  secretKey: Deno.env.get("EVENT_HANDLER_SECRET_KEY") ?? "",
  unitUrl: "http://127.0.0.1:8787",
}, bot);

Deno.addSignalListener("SIGTERM", () => server.stop());
