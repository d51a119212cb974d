/**
 * Attacks by length: what is sent to the unit, by callers and by Discord, and never ends.
 *
 * @module
 */

import { type Attack, pause } from "./stage.ts";

const MIB = 1024 * 1024;
const MOST_BYTES = 300 * MIB;
const TRIES = 8;

/** By name. */
export const BODY_ATTACKS: Readonly<Record<string, Attack>> = {
  "bodies to /control that never end": {
    isQuick: true,
    async run({ url }) {
      let taken = 0;
      const statuses = await Promise.all(Array.from({ length: TRIES }, async (_, i) => {
        const path = i % 2 === 0 ? "command" : "shards/0/send";
        const { status, bytes } = await post(`${url}/control/${path}`, MOST_BYTES);
        taken += bytes;
        return status;
      }));
      if (statuses.some((status) => status !== 413)) throw new Error(`answered ${statuses}`);
      const mib = Math.round(taken / MIB);
      return `${TRIES} bodies of ${MOST_BYTES / MIB} MiB of \`[\`: 413 after ${mib} MiB of all`;
    },
  },
  "answers of Discord's that never end": {
    isQuick: false,
    async run({ url, sim }) {
      const statuses = [404, 403, 401, 500, 200];
      for (const status of statuses) {
        // One per credential, so that none is answered in Discord's place.
        const own = { "authorization": "", "x-try": String(status) };
        sim.rest.faults.add({ kind: "answer", reply: { status, text: "[" } });
        sim.rest.faults.add({ kind: "endless" });
        const ending = new AbortController();
        const answer = await fetch(`${url}/api/v10/webhooks/${status}00000000000000/token`, {
          headers: own,
          signal: ending.signal,
        });
        if (answer.status !== status) throw new Error(`${status} came as ${answer.status}`);
        await pause(1_000);
        ending.abort();
      }
      return `bodies without end behind ${statuses.join(", ")}, not read by the caller`;
    },
  },
  "messages of Discord's that never end": {
    isQuick: false,
    isRelayed: true,
    async run({ relay, sim }) {
      const before = sim.ledger.resumes.length;
      const taken = await relay!.speak((connection) => MESSAGES[connection % 2]!(), 2_048 * MIB);
      await pause(5_000);
      const resumes = sim.ledger.resumes.length - before;
      if (resumes < 4) throw new Error(`${resumes} of 4 shards came back by RESUME`);
      return `a frame of 1 TiB, and fragments without end: closed after ${
        Math.round(taken / MIB)
      } MiB of 4 connections; resumed`;
    },
  },
};

/** A frame that says it has a terabyte, and one that is the beginning of a message for ever. */
const MESSAGES: readonly (() => Iterable<Uint8Array<ArrayBuffer>>)[] = [
  function* () {
    yield frame(0x82, 2 ** 40, 0);
    for (;;) yield new Uint8Array(MIB);
  },
  function* () {
    yield frame(0x02, MIB, MIB);
    for (;;) yield frame(0x00, MIB, MIB);
  },
];

/** A frame that says it has `length` bytes, and has `bytes`. */
function frame(first: number, length: number, bytes: number): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(10 + bytes);
  frame.set([first, 127]);
  new DataView(frame.buffer).setBigUint64(2, BigInt(length));
  return frame;
}

/** Posts a body of `[` by hand: as much as the other side takes, whatever it answers meanwhile. */
async function post(
  address: string,
  mostBytes: number,
): Promise<{ status: number; bytes: number }> {
  const { hostname, port, pathname } = new URL(address);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  const head = `POST ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${mostBytes}\r\n\r\n`;
  const piece = new Uint8Array(64 * 1024).fill(0x5b);
  let status = 0;
  let bytes = 0;
  const reading = (async () => {
    const buffer = new Uint8Array(1024);
    const count = await connection.read(buffer).catch(() => null);
    const text = new TextDecoder().decode(buffer.subarray(0, count ?? 0));
    status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);
  })();
  try {
    await connection.write(new TextEncoder().encode(head));
    while (bytes < mostBytes) bytes += await connection.write(piece);
  } catch {
    // The unit has closed the connection: it takes no more.
  }
  await Promise.race([reading, pause(5_000)]);
  connection.close();
  return { status, bytes };
}
