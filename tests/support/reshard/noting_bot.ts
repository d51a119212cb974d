/**
 * A bot in a process of its own, which says on its standard output what it gets, one event a line: its shard and
 * its `s`, of a READY its session besides. Its arguments are its port and its secret.
 *
 * @module
 */

import { serveEvents } from "../../../mod.ts";
import { silentLog } from "../../../ports/log.ts";

const [port, secretKey] = Deno.args;
const encoder = new TextEncoder();

await serveEvents({ port: Number(port), secretKey: secretKey!, log: silentLog }, {
  wants: () => true,
  handle({ t, s, d }, { shardId }) {
    if (s === null) return;
    const began = t === "READY" ? ` ${(d as { session_id: string }).session_id}` : "";
    // At once, so that what was acknowledged was told, whenever the process is killed.
    Deno.stdout.writeSync(encoder.encode(`${shardId} ${s}${began}\n`));
  },
});
Deno.stdout.writeSync(encoder.encode("listening\n"));
