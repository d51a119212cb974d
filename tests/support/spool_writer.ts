/**
 * A program that appends to a spool as fast as it can and says what was acknowledged, until it is
 * killed.
 *
 * @module
 */

import { RECORD } from "../../protocol/event_frame.ts";
import { openSpoolDir } from "../../store/spool_files.ts";

const spool = await openSpoolDir(Deno.args[0]!, { segmentBytes: 300_000 })(0);
const encoder = new TextEncoder();
let cursor = spool.last ?? -1;
while (true) {
  await Promise.all(Array.from({ length: 20 }, async () => {
    const own = ++cursor;
    const body = encoder.encode(`event ${own} ${"x".repeat(own % 1500)}`);
    await spool.append([{ shardId: 0, kind: RECORD.DISPATCH, cursor: own, body }]);
    Deno.stdout.writeSync(encoder.encode(`${own}\n`));
  }));
}
