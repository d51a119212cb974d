/**
 * What every spool must do, wherever it keeps its records.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type EventRecord, RECORD } from "../../protocol/event_frame.ts";
import { MOST_CURSOR } from "../../protocol/estate.ts";
import type { OpenSpool, Spool } from "../../ports/spool.ts";

/** The shard of the tests. */
export const SHARD = 3;

/** A record whose body tells its cursor; longer by `extra` bytes. */
export function eventRecord(cursor: number, extra = 0, shardId = SHARD): EventRecord {
  const body = new TextEncoder().encode(`event ${cursor} ${"x".repeat(extra)}`);
  return { shardId, kind: RECORD.DISPATCH, cursor, body };
}

/** Records with these cursors. */
export function eventRecords(from: number, to: number, extra = 0): EventRecord[] {
  return Array.from({ length: to - from + 1 }, (_, i) => eventRecord(from + i, extra));
}

/** Everything above a cursor, read in pieces of about `limitBytes`. */
export async function readAll(spool: Spool, after = -1, limitBytes = 100): Promise<EventRecord[]> {
  const all: EventRecord[] = [];
  while (true) {
    const piece = await spool.read(all.at(-1)?.cursor ?? after, limitBytes);
    if (piece.length === 0) return all;
    all.push(...piece);
  }
}

/** Records as plain values, without the buffer that a body is a view of. */
export function plain(records: readonly EventRecord[]): unknown[] {
  const decoder = new TextDecoder();
  return records.map((record) => ({ ...record, body: decoder.decode(record.body) }));
}

const CASES: Readonly<Record<string, (open: OpenSpool) => Promise<void>>> = {
  async "is empty at first"(open) {
    const spool = await open(SHARD);
    assert.deepEqual([spool.first, spool.last, spool.bytes], [null, null, 0]);
    assert.deepEqual(await spool.read(-1, 1000), []);
    await spool.trim(1000);
    await spool.append([]);
    assert.deepEqual([spool.first, spool.last, spool.bytes], [null, null, 0]);
    await spool.close();
  },

  async "gives records back as they were, in order"(open) {
    const spool = await open(SHARD);
    const gap = { ...eventRecord(MOST_CURSOR), kind: RECORD.GAP };
    const records = [eventRecord(0), eventRecord(1, 200_000), eventRecord(2 ** 40), gap];
    await spool.append(records.slice(0, 2));
    await spool.append(records.slice(2));
    assert.deepEqual(plain(await spool.read(-1, Infinity)), plain(records));
    assert.deepEqual([spool.first, spool.last], [0, MOST_CURSOR]);
    assert.ok(spool.bytes > 200_000);
    await spool.close();
  },

  async "reads what is above a cursor, in pieces, at least one record"(open) {
    const spool = await open(SHARD);
    const records = [...eventRecords(10, 30), ...eventRecords(1000, 1200, 3000)];
    await spool.append(records);
    for (const [cursor, limit] of [[9, 1], [10, 0], [29, 1], [30, 1], [500, 1], [1100, 1e5]]) {
      const piece = await spool.read(cursor!, limit!);
      const wanted = records.filter((record) => record.cursor > cursor!);
      assert.deepEqual(plain(piece), plain(wanted.slice(0, piece.length)));
      assert.ok(piece.length > 0);
    }
    assert.ok((await spool.read(999, 1)).length < 200, "one piece is not everything");
    assert.deepEqual(await spool.read(1200, 1000), []);
    assert.deepEqual(plain(await readAll(spool)), plain(records));
    await spool.close();
  },

  async "answers calls in their order, each when its records can be read"(open) {
    const spool = await open(SHARD);
    const answered: number[] = [];
    await Promise.all(
      eventRecords(0, 99, 50).map(async (record) => {
        await spool.append([record]);
        answered.push(record.cursor);
        assert.ok(spool.last! >= record.cursor);
      }),
    );
    assert.deepEqual(answered, answered.toSorted((a, b) => a - b));
    assert.deepEqual(plain(await readAll(spool)), plain(eventRecords(0, 99, 50)));
    await spool.close();
  },

  async "refuses cursors that do not grow, and records of another shard"(open) {
    const spool = await open(SHARD);
    await spool.append([eventRecord(5)]);
    const wrong = [
      [eventRecord(5)],
      [eventRecord(4)],
      [eventRecord(6), eventRecord(6)],
      [eventRecord(7, 0, SHARD + 1)],
    ];
    for (const records of wrong) {
      await assert.rejects(spool.append(records), { code: "illegal_step" });
    }
    await spool.append([eventRecord(6)]);
    assert.deepEqual(plain(await readAll(spool)), plain(eventRecords(5, 6)));
    await spool.close();
  },

  async "keeps what is above the cursor that it is trimmed to, and nothing when that is nothing"(
    open,
  ) {
    const spool = await open(SHARD);
    await spool.append(eventRecords(0, 99, 20));
    await spool.trim(49);
    assert.ok(spool.first! <= 50);
    assert.deepEqual(plain(await readAll(spool, 49)), plain(eventRecords(50, 99, 20)));
    await spool.trim(99);
    assert.deepEqual([spool.first, spool.last, spool.bytes], [null, null, 0]);
    assert.deepEqual(await readAll(spool), []);
    await assert.rejects(spool.append([]).then(() => spool.append([eventRecord(99, 0, 9)])));
    await spool.append(eventRecords(100, 105));
    assert.deepEqual(plain(await readAll(spool, 99)), plain(eventRecords(100, 105)));
    await spool.close();
  },

  async "finds everything again when it is opened anew, and takes more"(open) {
    const before = await open(SHARD);
    await before.append(eventRecords(0, 9));
    await before.trim(3);
    await before.close();
    const after = await open(SHARD);
    assert.equal(after.last, 9);
    assert.equal(after.bytes, before.bytes);
    await assert.rejects(after.append([eventRecord(9)]), { code: "illegal_step" });
    await after.append([eventRecord(10)]);
    assert.deepEqual(plain(await readAll(after, 3)), plain(eventRecords(4, 10)));
    await after.close();
  },

  async "keeps shards apart"(open) {
    const [one, other] = [await open(1), await open(11)];
    await one.append([eventRecord(0, 0, 1)]);
    await other.append([eventRecord(7, 0, 11)]);
    await other.trim(7);
    assert.deepEqual([one.last, other.last], [0, null]);
    await one.close();
    await other.close();
  },

  async "takes nothing once it is closed, and answers what it was given before"(open) {
    const spool = await open(SHARD);
    const last = spool.append([eventRecord(1)]);
    const closed = spool.close();
    await assert.rejects(spool.append([eventRecord(2)]), { code: "illegal_step" });
    await Promise.all([last, closed]);
    const again = await open(SHARD);
    assert.equal(again.last, 1);
    await again.close();
  },
};

const MOVE = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("append"), count: fc.nat(6) }) },
  fc.record({ kind: fc.constantFrom("trim", "read", "reopen"), count: fc.nat(12) }),
);

/** Whatever is done, what was appended and not trimmed is there, in order. */
async function checkMoves(
  open: OpenSpool,
  moves: readonly { kind: string; count: number }[],
): Promise<void> {
  let spool = await open(SHARD);
  let kept: EventRecord[] = [];
  let trimmed = -1;
  let next = 0;
  for (const { kind, count } of moves) {
    if (kind === "append") {
      const records = eventRecords(next, next + count - 1, count * 17);
      // Cursors may jump.
      next += count + (count % 3);
      await Promise.all([spool.append(records.slice(0, 2)), spool.append(records.slice(2))]);
      kept.push(...records);
    } else if (kind === "trim") {
      trimmed = Math.max(trimmed, next - count);
      await spool.trim(trimmed);
      kept = kept.filter(({ cursor }) => cursor > trimmed);
    } else if (kind === "reopen") {
      await spool.close();
      spool = await open(SHARD);
    }
    const after = kind === "read" ? Math.max(trimmed, next - count) : trimmed;
    const wanted = kept.filter(({ cursor }) => cursor > after);
    assert.deepEqual(plain(await readAll(spool, after, count * 40)), plain(wanted));
    assert.equal(spool.last === null, spool.bytes === 0);
    if (kept.length > 0) assert.equal(spool.last, kept.at(-1)!.cursor);
  }
  await spool.close();
}

/** Calls at any moment, none of which is waited for: nothing is lost, doubled or out of order. */
async function checkAtOnce(
  open: OpenSpool,
  moves: readonly { kind: string; count: number }[],
): Promise<void> {
  const spool = await open(SHARD);
  const calls: Promise<unknown>[] = [];
  let trimmed = -1;
  let next = 0;
  for (const { kind, count } of moves) {
    if (kind === "append") {
      calls.push(spool.append(eventRecords(next, next + count - 1, count * 40)));
      next += count;
    } else if (kind === "trim") {
      trimmed = Math.max(trimmed, (spool.last ?? -1) - count);
      calls.push(spool.trim(trimmed));
    } else {
      const after = Math.max(trimmed, next - 20);
      calls.push(
        spool.read(after, count * 100).then((found) => {
          const from = found[0]?.cursor ?? next;
          assert.ok(from > after);
          assert.deepEqual(found.map(({ cursor }) => cursor), found.map((_, i) => from + i));
        }),
      );
    }
    for (let turn = 0; turn < count; turn++) await Promise.resolve();
  }
  await Promise.all(calls);
  const found = await readAll(spool, trimmed);
  assert.deepEqual(found.map(({ cursor }) => cursor), range(trimmed + 1, next - 1));
  await spool.close();
  const again = await open(SHARD);
  assert.deepEqual(plain(await readAll(again, trimmed)), plain(found));
  await again.close();
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** Runs every case. `make` gives spools that are empty and, when opened again, the same. */
export function spoolConformance(
  name: string,
  make: () => { open: OpenSpool; end?: () => void },
): void {
  const run = async (test: (open: OpenSpool) => Promise<void>) => {
    const { open, end } = make();
    await test(open).finally(end);
  };
  for (const [title, test] of Object.entries(CASES)) {
    Deno.test(`${name} ${title}`, () => run(test));
  }
  const properties = {
    "keeps everything through any order of append, read, trim and reopen": checkMoves,
    "keeps everything in order though nobody waits for an answer": checkAtOnce,
  };
  for (const [title, check] of Object.entries(properties)) {
    const moves = fc.array(MOVE, { maxLength: 25, size: "max" });
    const property = fc.asyncProperty(moves, (moves) => run((open) => check(open, moves)));
    Deno.test(`${name} ${title}`, () => fc.assert(property, { numRuns: 60 }));
  }
}
