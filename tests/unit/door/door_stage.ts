/**
 * A door between what Discord POSTs and clusters that keep what they get, in virtual time.
 *
 * @module
 */

import assert from "node:assert/strict";
import { logTo } from "../../../ports/log.ts";
import { memoryStore, type Store } from "../../../ports/store.ts";
import type { OpenSpool } from "../../../ports/spool.ts";
import { DOOR_TOTAL, readBatch, readGap, RECORD } from "../../../protocol/event_frame.ts";
import { readHttpEvent } from "../../../protocol/discord/http_event.ts";
import { createVirtualClock, type VirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { Door, type DoorAnswer, type DoorEvent, type FarDoor } from "../../../unit/door/door.ts";
import { cluster } from "../../support/peers.ts";
import { memorySpool } from "../../support/memory_spool.ts";

const WINDOW = 1 << 20;

/** What a door is made with, and what an earlier life of it left. */
export interface Life {
  readonly far?: FarDoor;
  readonly clock?: VirtualClock;
  readonly store?: Store;
  readonly openSpool?: OpenSpool;
  readonly clusterIds?: readonly number[];
  readonly left?: readonly number[];
  readonly firstQueueId?: number;
}

/** A door, and what came of it. */
export async function setUp(
  {
    far,
    clock = createVirtualClock(),
    store = memoryStore(),
    openSpool = memorySpool(),
    clusterIds = [0, 1],
    left = [],
    firstQueueId = 0,
  }: Life = {},
) {
  const got: {
    to: number;
    t: string;
    d: Record<string, unknown>;
    cursor: number;
    shardId: number;
  }[] = [];
  const gaps: unknown[] = [];
  const logged: string[] = [];
  const door = new Door({
    clock,
    store,
    openSpool,
    log: logTo((_, event) => logged.push(event)),
    inviteCode: null,
    clusterIds,
    left: () => Promise.resolve(left),
    firstQueueId,
    ownerOf: (guildId) => {
      const id = Number(BigInt(guildId || 0) >> 22n) % 4;
      return { shard: { id, total: 4 }, clusterId: id % 2 };
    },
    farOf: ({ id }) => far && id === 2 ? far : null,
    diskLimitBytes: 1 << 30,
    send(peer, _, bytes) {
      const { totalShards, records } = readBatch(bytes);
      assert.equal(totalShards, DOOR_TOTAL);
      for (const record of records) {
        if (record.kind === RECORD.GAP) gaps.push(readGap(record).reason);
        else {
          const { t, d } = JSON.parse(new TextDecoder().decode(record.body));
          const { cursor, shardId } = record;
          got.push({ to: peer.kind === "cluster" ? peer.id : -1, t, d, cursor, shardId });
        }
      }
    },
  });
  await door.open();
  const answers: DoorAnswer[] = [];
  return {
    clock,
    store,
    openSpool,
    door,
    got,
    gaps,
    logged,
    answers,
    up: (id = 0, link = 1) => door.link(cluster(id), link, WINDOW),
    /** What is said to an event, in the end. */
    take(event: DoorEvent, key: string): void {
      void door.take(event, key).then((answer) => answers.push(answer));
    },
  };
}

/** A slash command that was just used in a guild. */
export function command(clock: VirtualClock, guildId: bigint, n = 1): DoorEvent {
  const id = String((BigInt(clock.epochMs() - 1_420_070_400_000) << 22n) + BigInt(n));
  const body = {
    id,
    type: 2,
    token: "t",
    guild_id: String(guildId << 22n),
    data: { name: "ping" },
  };
  return readHttpEvent(JSON.stringify(body)) as DoorEvent;
}

/** A webhook event; the same for the same number. */
export function webhookEvent(n: number): DoorEvent {
  const event = { type: "APPLICATION_AUTHORIZED", timestamp: "now", data: { n } };
  return readHttpEvent(JSON.stringify({ version: 1, type: 1, event })) as DoorEvent;
}
