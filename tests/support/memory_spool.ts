/**
 * Spools in memory.
 *
 * @module
 */

import { closedSpool, type OpenSpool, requireGrowing, type Spool } from "../../ports/spool.ts";
import { type EventRecord, RECORD_HEADER_BYTES } from "../../protocol/event_frame.ts";

/** Spools that forget at exit: what is closed is found again when it is opened anew. */
export function memorySpool(): OpenSpool {
  const spools = new Map<string, EventRecord[]>();
  return (shardId, reader = "") => {
    const key = `${shardId}@${reader}`;
    const records = spools.get(key) ?? [];
    spools.set(key, records);
    return Promise.resolve(spoolOf(shardId, records));
  };
}

/** Spools of a disk that fails where those of one shard are closed. */
export function failingToClose(shardId: number, openSpool: OpenSpool = memorySpool()): OpenSpool {
  return async (...which) => {
    const spool = await openSpool(...which);
    if (which[0] !== shardId) return spool;
    const { close: end } = spool;
    const close = async () => {
      await end();
      throw new Error(`the disk of shard ${shardId} fails`);
    };
    return Object.defineProperty(spool, "close", { value: close });
  };
}

function spoolOf(shardId: number, records: EventRecord[]): Spool {
  let isOpen = true;
  return {
    get first() {
      return records[0]?.cursor ?? null;
    },
    get last() {
      return records.at(-1)?.cursor ?? null;
    },
    get bytes() {
      return records.reduce((sum, { body }) => sum + RECORD_HEADER_BYTES + body.length, 0);
    },
    damaged: 0,
    // deno-lint-ignore require-await -- what is thrown becomes a rejection
    async append(more) {
      if (!isOpen) throw closedSpool(shardId);
      requireGrowing(shardId, records.at(-1)?.cursor ?? -1, more);
      records.push(...more.map((record) => ({ ...record, body: record.body.slice() })));
    },
    read(cursor, limitBytes) {
      let bytes = 0;
      const found: EventRecord[] = [];
      for (const record of records) {
        if (record.cursor <= cursor) continue;
        if (bytes >= limitBytes && found.length > 0) break;
        bytes += RECORD_HEADER_BYTES + record.body.length;
        found.push(record);
      }
      return Promise.resolve(found);
    },
    trim(cursor) {
      const kept = records.findIndex((record) => record.cursor > cursor);
      records.splice(0, kept === -1 ? records.length : kept);
      return Promise.resolve();
    },
    close() {
      isOpen = false;
      return Promise.resolve();
    },
  };
}
