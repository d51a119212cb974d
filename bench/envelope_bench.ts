/**
 * Claim: reading `t`, `s` and `op` off the bytes costs next to nothing, whatever the payload's size.
 * Baselines: parsing it, and parsing and writing it again as a proxy of objects does.
 *
 * @module
 */

import { readEnvelope } from "../protocol/discord/envelope.ts";
import { compare, figure, printTables, type Table, times } from "./measure.ts";
import { makePayloads, PAYLOAD_KINDS, type PayloadKind } from "./payloads.ts";

const decoder = new TextDecoder();
/** Results go here, so that no work is optimised away. */
let sink: unknown;

/** Measures one size. */
async function row(kind: PayloadKind): Promise<string[]> {
  const payloads = makePayloads(kind, kind.bytes > 100_000 ? 8 : 64);
  const each = (work: (payload: Uint8Array) => unknown) => (count: number) => {
    for (let i = 0; i < count; i++) sink = work(payloads[i % payloads.length]!);
  };
  const costs = await compare({
    scan: each(readEnvelope),
    parse: each((payload) => JSON.parse(decoder.decode(payload))),
    rewrite: each((payload) => JSON.stringify(JSON.parse(decoder.decode(payload)))),
  });
  const [scan, parse, rewrite] = [costs.scan, costs.parse, costs.rewrite].map((c) => c.cpuUs);
  return [
    kind.label,
    ...[scan, parse, rewrite].map((us) => figure(us!)),
    times(parse! / scan!),
    times(rewrite! / scan!),
  ];
}

/** The table. */
export async function run(): Promise<Table[]> {
  const rows: string[][] = [];
  for (const kind of Object.values(PAYLOAD_KINDS)) rows.push(await row(kind));
  return [{
    title: "Envelope: CPU µs per payload",
    columns: [
      "payload",
      "readEnvelope",
      "decode + parse",
      "decode + parse + stringify",
      "parse ÷ scan",
      "rewrite ÷ scan",
    ],
    rows,
  }];
}

if (import.meta.main) {
  printTables(await run());
  if (sink === undefined) throw new Error("nothing was measured");
}
