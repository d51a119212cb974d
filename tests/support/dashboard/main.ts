/**
 * Shows the dashboard's page with a world that is not there: `deno run --allow-net=127.0.0.1 --allow-read=.
 * tests/support/dashboard/main.ts 1000`. Not a test.
 *
 * @module
 */

import { systemClock } from "../../../ports/clock.ts";
import { serveDashboard } from "./server.ts";
import { World } from "./world.ts";

const [shards = "64", port = "8790"] = Deno.args;
const world = new World({ shards: Number(shards), nowMs: systemClock.epochMs() });
const server = serveDashboard(world, { tickMs: 1_000, port: Number(port) });
console.log(`Open ${server.url} in a browser; ctrl+c ends it`);
