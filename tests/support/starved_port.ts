/**
 * A program that opens a port, with far more seats than it has descriptors, and prints its address. Not a
 * test.
 *
 * @module
 */

import { openHttpPort } from "./http_port.ts";

const port = await openHttpPort(() => new Response("ok"), { most: 10_000 });
// Deno's own start takes descriptors for a while, and ends the process where there are none.
setTimeout(() => console.log(port.port), 2_000);
