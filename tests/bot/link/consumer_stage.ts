/**
 * A consumer and those who speak with it, for its tests.
 *
 * @module
 */

import { EventConsumer } from "../../../bot/link/consumer.ts";
import type { ConsumerOptions } from "../../../bot/link/consumer_world.ts";
import type { Dialler } from "../../../bot/link/acks.ts";
import type { Dispatch } from "../../../bot/link/dispatch.ts";
import { encodeBatch, type EventRecord, RECORD } from "../../../protocol/event_frame.ts";
import { logTo } from "../../../ports/log.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { cluster } from "../../support/peers.ts";

/** Text as it is on the wire. */
export const bytes = (text: string) => new TextEncoder().encode(text);

/** A dispatch. */
export function event(
  shardId: number,
  cursor: number,
  name = "X",
  d: unknown = cursor,
): EventRecord {
  const body = bytes(JSON.stringify({ t: name, s: cursor, op: 0, d }));
  return { shardId, kind: RECORD.DISPATCH, cursor, body };
}

/** A consumer in virtual time, over links that the test speaks on. */
export function setUp(options: Partial<ConsumerOptions> = {}) {
  const clock = createVirtualClock();
  const lines: string[] = [];
  const log = logTo((level, text, fields) => {
    lines.push(`${level} ${text} ${JSON.stringify(fields)}`);
  });
  const started: { dispatch: Dispatch; shardId: number; done: PromiseWithResolvers<void> }[] = [];
  const consumer = new EventConsumer({
    peer: cluster(7),
    clock,
    log,
    receiver: {
      wants: (name) => name !== "UNWANTED",
      receive(dispatch, shardId) {
        const done = Promise.withResolvers<void>();
        started.push({ dispatch, shardId, done });
        return done.promise;
      },
    },
    ...options,
  });
  /** `from`: a worker, the unit (`null`), or of which unit. */
  function connect(welcome = true, from: number | null | Dialler = null, stream = "a") {
    const sent: unknown[] = [];
    const closes: number[] = [];
    const link = consumer.attach({
      send: (text) => sent.push(JSON.parse(text)),
      close: (code) => closes.push(code),
    }, typeof from === "object" && from !== null ? from : { unit: null, worker: from });
    const say = (message: unknown) => link.text(JSON.stringify(message));
    if (welcome) say({ op: "welcome", v: 3, link: 1, totalShards: TOTAL, stream });
    const acks = () => sent.flatMap((m) => (m as { op: string }).op === "ack" ? [m] : []);
    return {
      link,
      sent,
      closes,
      acks,
      say,
      batch: (...r: EventRecord[]) => link.batch(encodeBatch(TOTAL, r)),
      /** Of another total. */
      batchOf: (total: number, ...r: EventRecord[]) => link.batch(encodeBatch(total, r)),
    };
  }
  const names = () => started.map(({ shardId, dispatch }) => `${shardId}:${dispatch.d}`);
  return { clock, consumer, connect, lines, names, started };
}

/** How many shards there are. */
const TOTAL = 4;

/** An acknowledgement. */
export const ack = (cursors: Record<string, number>, totalShards = TOTAL) => (
  { op: "ack", totalShards, cursors }
);

/** A consumer whose handlers are done at once. */
export const SETTLED = { receiver: { wants: () => true, receive: () => {} } };
