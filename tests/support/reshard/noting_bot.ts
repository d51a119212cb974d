/**
 * A bot in a process of its own, which says on its standard output what it gets: the numbers of the simulator's
 * events, one a line. Its arguments are its port and its secret.
 *
 * @module
 */

import { serveEvents } from "../../../mod.ts";
import { silentLog } from "../../../ports/log.ts";
import { numberOf } from "./judge.ts";

const [port, secretKey] = Deno.args;
const encoder = new TextEncoder();

await serveEvents({ port: Number(port), secretKey: secretKey!, log: silentLog }, {
  wants: () => true,
  handle({ d }: { d: unknown }) {
    const event = numberOf(d);
    // At once, so that what was acknowledged was told, whenever the process is killed.
    if (event !== null) Deno.stdout.writeSync(encoder.encode(`${event}\n`));
  },
});
Deno.stdout.writeSync(encoder.encode("listening\n"));
