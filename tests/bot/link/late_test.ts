/** Events that come late, after a GAP has said that they are missing. */

import assert from "node:assert/strict";
import { EventConsumer } from "../../../bot/link/consumer.ts";
import { logTo } from "../../../ports/log.ts";
import { sleep } from "../../../ports/clock.ts";
import {
  encodeBatch,
  encodeLinkMessage,
  encodeRecords,
  EVENT_LINK_VERSION,
  type EventRecord,
  GAP_EVENT,
  gapRecord,
  parseLinkMessage,
  RECORD,
} from "../../../protocol/event_frame.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

const event = (cursor: number): EventRecord => ({
  shardId: 3,
  kind: RECORD.DISPATCH,
  cursor,
  body: new TextEncoder().encode(JSON.stringify({ t: "X", s: cursor, op: 0, d: null })),
});
const events = (...cursors: number[]) => cursors.map(event);
const gap = (from: number | null, to: number) =>
  gapRecord(3, { from, to, count: null, reason: "its host is away" });

function setUp({ handlerMs = 0 } = {}) {
  const clock = createVirtualClock();
  const came: (number | string)[] = [];
  const lines: string[] = [];
  const replies: unknown[] = [];
  const hellos: unknown[] = [];
  const consumer = new EventConsumer({
    peer: { kind: "cluster", id: 0 },
    clock,
    log: logTo((level, text) => lines.push(`${level} ${text}`)),
    receiver: {
      wants: () => true,
      receive: ({ t, s }) => {
        came.push(t === GAP_EVENT ? t : s!);
        if (s === 13) throw new Error("unlucky");
        return handlerMs ? sleep(clock, handlerMs) : undefined;
      },
    },
    handlerDeadlineMs: 5_000,
  });
  const link = consumer.attach({
    send(text) {
      const message = parseLinkMessage(text);
      if (message.op === "reply") replies.push("error" in message ? message.error.message : "ok");
      if (message.op === "hello") hellos.push(message.late);
    },
    close() {},
  });
  link.text(encodeLinkMessage({
    op: "welcome",
    v: EVENT_LINK_VERSION,
    link: 1,
    totalShards: 4,
    stream: "x",
  }));
  const bring = (...records: EventRecord[]) => link.batch(encodeBatch(4, records));
  const late = async (records: readonly EventRecord[]) => {
    const value = { totalShards: 4, shardId: 3, records: encodeRecords(records).toBase64() };
    link.text(encodeLinkMessage({
      op: "call",
      id: 1,
      verb: "late",
      receptive: true,
      value: { json: value },
    }));
    await clock.advance(0);
    return replies.at(-1);
  };
  return { clock, came, lines, replies, hellos, consumer, link, bring, late };
}

Deno.test("a consumer says that it takes late events, and takes each that a GAP was told for, once", async () => {
  const { bring, late, came, hellos } = setUp();
  bring(...events(1, 2), gap(3, 9), ...events(10));
  assert.deepEqual(hellos, [true]);
  assert.equal(await late(events(3, 4, 8)), "ok");
  assert.equal(await late(events(4, 8, 9)), "ok");
  assert.deepEqual(came, [1, 2, GAP_EVENT, 10, 3, 4, 8, 9]);
});

Deno.test("a consumer drops what it had before the GAP was told, and what came in its place", async () => {
  const { bring, late, came } = setUp();
  // It had 3 to 5 from the host that is away, and its acknowledgement was not written down any more.
  bring(...events(1, 2, 3, 4, 5), gap(3, 9), ...events(10, 11));
  assert.equal(await late(events(3, 4, 5, 6, 10, 11)), "ok");
  assert.deepEqual(came, [1, 2, 3, 4, 5, GAP_EVENT, 10, 11, 6]);
});

Deno.test("a consumer that began after the GAP was told takes what was missing before its time", async () => {
  const { bring, late, came } = setUp();
  bring(...events(10, 11));
  assert.equal(await late(events(3, 4)), "ok");
  assert.equal(await late(events(4, 5)), "ok");
  assert.deepEqual(came, [10, 11, 3, 4, 5]);
});

Deno.test("what two hosts had comes late in any order, though one GAP spans both", async () => {
  const { bring, late, came } = setUp();
  bring(...events(1), gap(2, 20), ...events(21));
  assert.equal(await late(events(12, 14)), "ok");
  assert.equal(await late(events(2, 3)), "ok");
  assert.deepEqual(came.slice(-4), [12, 14, 2, 3]);
});

Deno.test("a consumer takes nothing late whose GAP has not come: it does not know what it will get", async () => {
  const { bring, late, came } = setUp();
  assert.match(String(await late(events(3))), /event 3 of shard 3: it is not known to be missing/);
  bring(...events(1, 2));
  assert.match(String(await late(events(3))), /event 3 of shard 3/);
  bring(gap(null, 9));
  assert.equal(await late(events(3)), "ok");
  assert.deepEqual(came, [1, 2, GAP_EVENT, 3]);
});

Deno.test("the answer waits for the handlers, or for their time; one that fails holds up nothing", async () => {
  const { bring, late, replies, clock, lines } = setUp({ handlerMs: 1_000 });
  bring(...events(1), gap(2, 20));
  await late(events(12, 13, 14));
  assert.deepEqual(replies, []);
  await clock.advance(1_000);
  assert.deepEqual(replies, ["ok"]);
  assert.equal(lines.filter((line) => line === "error handler failed").length, 1);
  const slow = setUp({ handlerMs: 60_000 });
  slow.bring(...events(1), gap(2, 20));
  await slow.late(events(12));
  await slow.clock.advance(5_000);
  assert.deepEqual(slow.replies, ["ok"]);
  assert.ok(slow.lines.includes("error handler missed its deadline"));
});

Deno.test("a consumer that stops takes none, and what is no late event is refused", async () => {
  const { bring, late, consumer, clock, link, replies } = setUp();
  bring(...events(1), gap(2, 20));
  const call = { op: "call", id: 1, verb: "late", receptive: true, value: { json: {} } } as const;
  link.text(encodeLinkMessage(call));
  await clock.advance(0);
  assert.match(String(replies.at(-1)), /expected {totalShards, shardId, records}/);
  await consumer.stop();
  assert.match(String(await late(events(3))), /this process is ending/);
});
