/**
 * Whatever an earlier life left of a shard, valid or not: the worker lives, what can be read is delivered
 * in its order, what cannot is told, and new events come through.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type EventRecord, readBatch, readGap, RECORD } from "../../protocol/event_frame.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { DISCORD_EPOCH_MS } from "../../protocol/ids.ts";
import type { FromWorker } from "../../protocol/worker_message.ts";
import { logTo, silentLog } from "../../ports/log.ts";
import { memoryStore } from "../../ports/store.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { Estates } from "../../store/estates.ts";
import { encodeFrames, segmentHeader, segmentName } from "../../store/segment.ts";
import { openSpoolDir } from "../../store/spool_files.ts";
import { Bucket } from "../../workers/bucket.ts";
import { type FakeDisk, fakeDisk } from "../support/fake_disk.ts";
import { fakeSockets } from "../support/fake_sockets.ts";
import { WORKER } from "../support/fake_threads.ts";
import { cluster } from "../support/peers.ts";

const SHARD = 2;
const KEY = { total: 4, id: SHARD };
const START_MS = Date.UTC(2026, 8, 1);

const text = (of: string) => new TextEncoder().encode(of);
const interaction = (ageMs: number) =>
  `{"id":"${BigInt(START_MS - ageMs - DISCORD_EPOCH_MS) << 22n}"}`;
const event = (t: string, d: string) => (s: number) =>
  text(`{"t":"${t}","s":${s},"op":0,"d":${d}}`);
const gap = (to: number) => text(JSON.stringify({ from: to, to, count: 1, reason: "no room" }));

/** Kinds and bodies that belong together. */
const SOUND = [
  [RECORD.DISPATCH, event("MESSAGE_CREATE", '{"id":"7"}')],
  [RECORD.DISPATCH, event("INTERACTION_CREATE", interaction(0))],
  [RECORD.DISPATCH, event("INTERACTION_CREATE", interaction(3_600_000))],
  [RECORD.GAP, gap],
] as const;

/** Bodies that nothing can be read of. */
const POISON = [
  ...["", "{", "nul", "null", "[]", "7", '{"op":0}', '{"op":"x"}', '{"t":7,"op":0,"d":[]}'],
  ...['{"t":"INTERACTION_CREATE","s":1,"op":0,"d":{"id":', '{"op":0,"t":"INTERACTION_CREATE"}'],
  ...['{"t":"INTERACTION_CREATE","s":1,"op":0,"d":{"id":}}', "[".repeat(20_000)],
  ...['{"from":null}', '{"from":"x","to":[],"count":{},"reason":7}'],
].map(text).concat([
  Uint8Array.of(0xff, 0xfe, 0x80),
  Uint8Array.of(...text('{"op":0,"t":"'), 0xff, ...text('"}')),
]);

const content = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...SOUND) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(0, 1, 2, 65_535), fc.constantFrom(...POISON))
      .map(([kind, body]) => [kind, () => body] as const),
  },
);
/** Gives a body for a cursor. */
type Body = (cursor: number) => Uint8Array;
/** The frames of a file, each of records: how far a cursor is from the one before it, kind and body. */
type Frames = readonly (readonly (readonly [number, readonly [number, Body]])[])[];

/** Files of frames of records: how far each cursor is from the one before it, and what it holds. */
const files = fc.array(
  fc.array(
    fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), content), { minLength: 1, maxLength: 4 }),
    { minLength: 1, maxLength: 3 },
  ),
  { maxLength: 3 },
);

interface Written {
  readonly path: string;
  readonly records: readonly EventRecord[];
}

function write(disk: FakeDisk, files: readonly Frames[]): Written[] {
  let cursor = 0;
  return files.map((frames) => {
    const batches = frames.map((frame) =>
      frame.map(([step, [kind, body]]): EventRecord => {
        cursor += step;
        return { shardId: SHARD, kind, cursor, body: body(cursor) };
      })
    );
    const records = batches.flat();
    const path = `q/${SHARD}/${segmentName(records[0]!.cursor)}`;
    put(disk, path, [segmentHeader(), ...batches.map(encodeFrames)]);
    return { path, records };
  });
}

function put(disk: FakeDisk, path: string, parts: readonly Uint8Array[]): void {
  const content = new Uint8Array(parts.flatMap((part) => [...part]));
  disk.files.set(path, { content, durable: content, isNamed: true });
}

/** What became of a file meanwhile; `where` is a part of it. */
const DAMAGES: Readonly<Record<string, (disk: FakeDisk, path: string, where: number) => void>> = {
  flip(disk, path, where) {
    const bytes = disk.files.get(path)!.content.slice();
    bytes[Math.floor(where * bytes.length)]! ^= 1 << Math.floor(where * 7_919) % 8;
    put(disk, path, [bytes]);
  },
  cut(disk, path, where) {
    const { content } = disk.files.get(path)!;
    put(disk, path, [content.subarray(0, 9 + Math.floor(where * (content.length - 9)))]);
  },
  wipe(disk, path, where) {
    const bytes = disk.files.get(path)!.content.slice();
    put(disk, path, [bytes.fill(0, Math.floor(where * bytes.length))]);
  },
  ...appending("of another shard", { shardId: SHARD + 1, cursor: 1_000 }),
  ...appending("from before", { shardId: SHARD, cursor: 0 }),
  ...appending("from the end of time", { shardId: SHARD, cursor: 2 ** 48 - 1 }),
};

/** Something wrote what is whole, and does not belong there. */
function appending(name: string, where: { shardId: number; cursor: number }) {
  return {
    [name]: (disk: FakeDisk, path: string) => {
      const body = event("MESSAGE_CREATE", "{}")(1);
      const frame = encodeFrames([{ ...where, kind: RECORD.DISPATCH, body }]);
      put(disk, path, [disk.files.get(path)!.content, frame]);
    },
  };
}

const damages = fc.array(
  fc.tuple(
    fc.constantFrom(...Object.keys(DAMAGES)),
    fc.nat(),
    fc.double({ min: 0, max: 0.999, noNaN: true }),
  ),
  { maxLength: 2 },
);

/** Numbers as they may stand in an estate that somebody else wrote, too. */
const number = fc.oneof(
  { weight: 6, arbitrary: fc.nat(40) },
  fc.constantFrom<unknown>(
    -1,
    0.5,
    1_000,
    2 ** 21,
    2 ** 47,
    2 ** 48,
    2 ** 52,
    2 ** 53,
    1e300,
    null,
    "7",
  ),
);
const marks = fc.array(
  fc.record({
    cursor: number,
    mark: fc.constantFrom("deferred", "answered", "x"),
    atMs: fc.constant(START_MS),
  }),
  { maxLength: 6 },
);
const estate = fc.record({
  highest: number,
  acknowledged: number,
  marks,
  session: fc.option(fc.record({ base: number, seq: number })),
});

Deno.test("whatever is left of a shard, its worker lives, delivers what can be read and tells the rest", async () => {
  await fc.assert(
    fc.asyncProperty(files, damages, fc.option(estate), async (files, damages, estate) => {
      const disk = fakeDisk();
      const written = write(disk, files);
      const stored = written.flatMap(({ records }) => records);
      for (const [how, which, where] of damages) {
        const { path } = written[which % Math.max(1, written.length)] ?? {};
        if (path && disk.files.has(path)) DAMAGES[how]!(disk, path, where);
      }
      const { records, estate: read, logged, fresh } = await live(
        disk,
        estate,
        stored.at(-1)?.cursor ?? 0,
      );
      const cursors = records.map(({ cursor }) => cursor);
      assert.ok(cursors.every((cursor, i) => i === 0 || cursor > cursors[i - 1]!), `${cursors}`);
      assert.ok(records.every(({ shardId }) => shardId === SHARD), "another shard's record came");
      assert.deepEqual(fresh, [true, true, true], "new events did not come");
      const gaps = records.filter(({ kind }) => kind === RECORD.GAP).map(gapOf);
      for (const record of stored) {
        if (record.cursor <= read.acknowledged) continue;
        const came = records.find(({ cursor }) => cursor === record.cursor);
        // What is cut off the newest file Discord replays, as far as it can.
        const isCut = logged.includes("cut off a torn end");
        if (came) assert.ok(isCut || isOf(came, record), Deno.inspect([came, record]));
        else if (
          !gaps.some(({ from, to }) => (from ?? to) <= record.cursor && record.cursor <= to)
        ) {
          assert.ok(isCut && damages.length > 0, `cursor ${record.cursor} is lost`);
        }
      }
    }),
    { numRuns: 1_500 },
  );
});

function gapOf(record: EventRecord): { from: number | null; to: number } {
  try {
    const { from, to } = readGap(record);
    return Number.isInteger(from) && Number.isInteger(to)
      ? { from, to }
      : { from: null, to: record.cursor };
  } catch {
    return { from: null, to: record.cursor };
  }
}

/** As it was stored; or an interaction with a mark, or a GAP in the place of one that is dead. */
function isOf(came: EventRecord, stored: EventRecord): boolean {
  const [a, b] = [came, stored].map(({ body }) => new TextDecoder().decode(body));
  if (came.kind === stored.kind && a === b) return true;
  if (came.kind === RECORD.GAP && a!.includes("the disk lost events")) return true;
  if (!b!.includes('"INTERACTION_CREATE"')) return false;
  return came.kind === RECORD.GAP || a!.includes('"gatehouse":{"answered":"');
}

/**
 * A life of a worker with one shard; its bot is there, and takes everything.
 *
 * @param given The last number that Discord gave in the session before.
 */
async function live(disk: FakeDisk, point: unknown, given: number) {
  const clock = createVirtualClock(START_MS);
  const { connect, sockets } = fakeSockets();
  const posted: FromWorker[] = [];
  const logged: string[] = [];
  const log = logTo((_, event) => logged.push(event));
  const store = memoryStore();
  await store.save("estates", { stream: "a", shards: { "2/4": point } });
  const session = { shardId: SHARD, totalShards: 4, intents: 3, sessionId: "s", resumeUrl: null };
  const seat = (point as { session?: object } | null)?.session;
  await store.save("estate-2-of-4", { stream: "a", session: { ...session, ...seat } });
  const estates = await Estates.open({ store, clock, log: silentLog, newStream: "b" });
  await estates.begin(4, [SHARD], 3);
  const estate = estates.of(KEY);
  const bucket = new Bucket(
    WORKER,
    { clock, connect, random: () => 0, openSpool: openSpoolDir("q", { fs: disk, log }) },
    (message) => void posted.push(structuredClone(message)),
  );
  bucket.receive({ type: "LINK", peer: cluster(1), link: 9, windowBytes: 1 << 20 });
  bucket.receive({ type: "IDENTIFY_SHARD", shardId: SHARD, estate: structuredClone(estate) });
  const records: EventRecord[] = [];
  for (let round = 0; round < 60; round++) {
    await clock.advance(250);
    for (const message of posted.splice(0)) {
      if (message.type === "REQUEST_IDENTIFY") {
        bucket.receive({ type: "ALLOW_IDENTIFY", shardId: SHARD, permit: 5, intents: 3 });
      } else if (message.type === "EVENTS") {
        const batch = readBatch(message.batch).records;
        records.push(...batch);
        const cursors = { [SHARD]: batch.at(-1)!.cursor };
        bucket.receive({ type: "ACK", peer: cluster(1), link: message.link, cursors });
      } else if (message.type === "LOG") logged.push(message.event);
    }
    const socket = sockets.at(-1);
    if (!socket) continue;
    const asked = socket.sent.splice(0).map((text) => JSON.parse(text));
    if (socket.url !== "told") {
      Object.assign(socket, { url: "told" });
      socket.events.open();
      socket.say({ t: null, s: null, op: OP.HELLO, d: { heartbeat_interval: 600_000 } });
    }
    for (const { op, d } of asked) {
      if (op !== OP.IDENTIFY && op !== OP.RESUME) continue;
      if (d.seq > given) {
        socket.say({ t: null, s: null, op: OP.INVALID_SESSION, d: false });
        continue;
      }
      let s = d.seq ?? 0;
      while (op === OP.RESUME && s < given) socket.say({ t: "AGAIN", s: ++s, op: 0, d: null });
      const t = op === OP.RESUME ? "RESUMED" : "READY";
      socket.say({ t, s: ++s, op: 0, d: { session_id: "n", guilds: [] } });
      for (const id of ["a", "b", "c"]) socket.say({ t: "NEW", s: ++s, op: 0, d: { id } });
    }
  }
  const all = records.map(({ body }) => new TextDecoder().decode(body));
  const fresh = ["a", "b", "c"].map((id) =>
    all.some((text) => text.endsWith(`"d":{"id":"${id}"}}`))
  );
  return { records, estate, logged, fresh };
}
