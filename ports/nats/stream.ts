/**
 * The events of a fleet in a stream of NATS.
 *
 * @module
 */

import { loadNats, type NatsConnection, type StreamInfo } from "../../deps.ts";
import { GatehouseError } from "../../protocol/errors.ts";
import { type ShardKey, shardKeyText } from "../../protocol/ids.ts";
import type { EventStream, KeptBatch, NewBatch } from "../fleet/event_stream.ts";
import {
  codeOf,
  isWrongRevision,
  type JetStream,
  openJetStream,
  openStream,
  reasonOf,
} from "./bucket.ts";
import { refuseLarge } from "./dial.ts";

/** The cursor up to which everything of the shard has been told. */
const CURSOR_HEADER = "Gatehouse-Cursor";
/** Name of the numbering that cursors belong to. */
const NUMBERING_HEADER = "Gatehouse-Stream";
/** Whoever reads may be away for a day. */
const MOST_AGE_NS = 24 * 3_600_000_000_000;
/**
 * What it may take of the disk at most, of which the oldest goes first; less where the server has not so much left. It
 * is set aside for it, so that events never take the place of keys.
 */
const SIZES_BYTES = [16, 8, 4, 2, 1, 1 / 4, 1 / 16].map((gib) => gib * 2 ** 30);
const NO_ROOM = 10_047;
const NO_STREAM: ReadonlySet<number> = new Set([10_059, 10_060]);

/** What a {@linkcode NatsEventStream} is made with. */
export interface NatsEventStreamOptions {
  /** Name of the stream. */
  readonly name: string;
  /** What its subjects stand under. */
  readonly root: string;
}

/** An {@linkcode EventStream} on one connection after the other; made where there is none, when it is first used. */
export class NatsEventStream implements EventStream {
  readonly #options: NatsEventStreamOptions;
  #connection: NatsConnection | null = null;
  #opening: Promise<JetStream> | null = null;
  #trouble: string | null = null;

  constructor(options: NatsEventStreamOptions) {
    this.#options = options;
  }

  /** Why nothing was kept that was to be kept last; `null`: it was, or nothing was to be. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** Goes on with a connection; `null`: there is none. */
  attach(connection: NatsConnection | null): void {
    this.#connection = connection;
    this.#opening = null;
    this.#trouble = null;
  }

  last(shard: ShardKey): Promise<KeptBatch | null> {
    return this.#ask(`read what is kept of shard ${shard.id}`, async ({ streams }) => {
      const { name } = this.#options;
      const found = await streams.getMessage(name, { last_by_subj: this.#subject(shard) });
      if (found === null) return null;
      const cursor = Number(found.header.get(CURSOR_HEADER));
      return { revision: found.seq, cursor, numbering: found.header.get(NUMBERING_HEADER) };
    });
  }

  append(shard: ShardKey, batch: NewBatch, after: number): Promise<number | null> {
    const what = `keep events of shard ${shard.id}`;
    return this.#ask(what, async ({ client, connection }) => {
      const { cursor, numbering } = batch;
      const headers = (await loadNats()).headers();
      headers.set(CURSOR_HEADER, `${cursor}`);
      headers.set(NUMBERING_HEADER, numbering);
      let { body } = batch;
      if (body.length > (connection.info?.max_payload ?? Infinity) / 2) {
        body = await compressed(body);
        headers.set("Content-Encoding", "gzip");
      }
      refuseLarge(connection, what, body);
      const expect = { lastSubjectSequence: after };
      const msgID = `${numbering} ${shardKeyText(shard)} ${cursor}`;
      try {
        const options = { headers, expect, msgID };
        return (await client.publish(this.#subject(shard), body, options)).seq;
      } catch (error) {
        if (isWrongRevision(error)) return null;
        throw error;
      }
    });
  }

  async #ask<Value>(what: string, work: (stream: JetStream) => Promise<Value>): Promise<Value> {
    const connection = this.#connection;
    try {
      if (connection === null) throw new Error("there is no connection to NATS");
      const opening = this.#opening ??= this.#open(connection);
      const answer = await work(await opening);
      this.#trouble = null;
      return answer;
    } catch (error) {
      if (error instanceof GatehouseError) throw error;
      // Where it could not be made, or is gone, it is looked for again.
      const code = codeOf(error);
      if (code === null || NO_STREAM.has(code)) this.#opening = null;
      this.#trouble = `the event stream waits: ${reasonOf(error)}`;
      throw new GatehouseError("away", "peer", `Cannot ${what}: ${reasonOf(error)}`);
    }
  }

  async #open(connection: NatsConnection): Promise<JetStream> {
    const { name, root } = this.#options;
    const own = await openJetStream(connection);
    const shape = {
      description: "Events of a bot, from Gatehouse",
      subjects: [`${root}.>`],
      max_age: MOST_AGE_NS,
      discard: "old" as const,
      allow_direct: true,
    };
    await withRoom((max_bytes) => openStream(own.streams, name, { ...shape, max_bytes }));
    return own;
  }

  #subject({ id, total }: ShardKey): string {
    return `${this.#options.root}.${id}.${total}`;
  }
}

/** Makes a stream of the largest size that there is room for. */
async function withRoom(make: (bytes: number) => Promise<StreamInfo>): Promise<StreamInfo> {
  for (const bytes of SIZES_BYTES.slice(0, -1)) {
    try {
      return await make(bytes);
    } catch (error) {
      if (codeOf(error) !== NO_ROOM) throw error;
    }
  }
  return await make(SIZES_BYTES.at(-1)!);
}

async function compressed(body: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const zipped = new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(zipped).arrayBuffer());
}
