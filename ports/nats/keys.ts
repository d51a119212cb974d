/**
 * The keys of a fleet in a bucket of NATS.
 *
 * Reads ask the server that leads the bucket, so that who has written finds what it wrote.
 *
 * @module
 */

import type { NatsConnection } from "../../deps.ts";
import { GatehouseError, messageOf } from "../../protocol/errors.ts";
import type { Cancel } from "../clock.ts";
import type { Json } from "../fleet/bus.ts";
import type { Entry, Keys, TakeEntry } from "../fleet/keys.ts";
import type { World } from "../world.ts";
import { type Bucket, isWrongRevision, openBucket, reasonOf, writeTo } from "./bucket.ts";
import { entryOf, watchBucket } from "./watched.ts";

const NO_VALUE = new TextEncoder().encode("null");
/** Written to see whether anything can be. */
const PROBE = "probe";

/** What {@linkcode NatsKeys} need. */
export interface NatsKeysOptions extends Pick<World, "clock" | "log"> {
  /** Name of the bucket. */
  readonly bucket: string;
  /** What subjects of ours alone begin with. */
  readonly inbox: string;
  /** They cannot be asked any more, though the connection may be there. */
  readonly lost: (why: string) => void;
}

/** Somebody who watches, in whatever bucket there is. */
interface Watching {
  readonly prefix: string;
  readonly take: TakeEntry;
  end: Cancel;
}

/** The bucket that can be asked, and how those who ask hear that it cannot any more. */
interface Reached extends Bucket {
  readonly gone: Promise<never>;
  readonly leave: (why: string) => void;
}

/** {@linkcode Keys} on one connection after the other. While there is none they are away. */
export class NatsKeys implements Keys {
  readonly #options: NatsKeysOptions;
  readonly #watching = new Set<Watching>();
  #reached: Reached | null = null;
  #away = "there is no connection to NATS";
  #inboxes = 0;
  #isClosed = false;

  constructor(options: NatsKeysOptions) {
    this.#options = options;
  }

  /**
   * Goes on with a connection, and sees that something can be written there; then all who watch hear of all.
   *
   * @throws What the server says.
   */
  async begin(connection: NatsConnection): Promise<Bucket> {
    const bucket = await openBucket(connection, this.#options.bucket);
    const { promise: gone, reject } = Promise.withResolvers<never>();
    gone.catch(() => {});
    const reached: Reached = { ...bucket, gone, leave: (why) => reject(new Error(why)) };
    await writeTo(reached, PROBE, "0");
    if (this.#isClosed) return reached;
    this.#reached = reached;
    for (const watching of this.#watching) this.#watch(reached, watching);
    return reached;
  }

  /** They cannot be asked. */
  end(why: string): void {
    const reached = this.#reached;
    this.#away = why;
    this.#reached = null;
    for (const watching of this.#watching) watching.end();
    reached?.leave(why);
  }

  get(key: string): Promise<Entry | null> {
    return this.#ask(`get ${key}`, async ({ streams, stream, subject }) => {
      const message = await streams.getMessage(stream, { last_by_subj: subject + key });
      if (message === null) return null;
      return entryOf({ headers: message.header, data: message.data }, message.seq);
    });
  }

  put(key: string, value: Json): Promise<number> {
    return this.#write(key, value, null) as Promise<number>;
  }

  async create(key: string, value: Json): Promise<number | null> {
    const revision = await this.#write(key, value, 0);
    if (revision !== null) return revision;
    // What was deleted has left a mark, which has a revision.
    const mark = await this.#ask(
      `create ${key}`,
      ({ streams, stream, subject }) => streams.getMessage(stream, { last_by_subj: subject + key }),
    );
    const isDeleted = mark !== null &&
      entryOf({ headers: mark.header, data: NO_VALUE }, 0) === null;
    return isDeleted ? await this.#write(key, value, mark.seq) : null;
  }

  update(key: string, value: Json, revision: number): Promise<number | null> {
    return this.#write(key, value, revision);
  }

  async delete(key: string): Promise<void> {
    await this.#ask(`delete ${key}`, (bucket) => writeTo(bucket, key, null));
  }

  watch(prefix: string, take: TakeEntry): Cancel {
    if (this.#isClosed) return () => {};
    const watching: Watching = { prefix, take, end: () => {} };
    this.#watching.add(watching);
    if (this.#reached) this.#watch(this.#reached, watching);
    return () => {
      this.#watching.delete(watching);
      watching.end();
    };
  }

  close(): void {
    this.#isClosed = true;
    this.end("they are closed");
    this.#watching.clear();
  }

  #watch(reached: Reached, watching: Watching): void {
    const { clock, log, inbox } = this.#options;
    const isOn = () => this.#watching.has(watching) && this.#reached === reached;
    let isOver = false;
    watching.end = () => {
      isOver = true;
    };
    watchBucket(reached, {
      clock,
      prefix: watching.prefix,
      inbox: `${inbox}.watch.${++this.#inboxes}`,
      take(key, entry) {
        if (isOver) return;
        try {
          watching.take(key, entry);
        } catch (error) {
          log.error("who watches the keys failed", { key, error: messageOf(error) });
        }
      },
      lost: (why) => this.#lose(reached, `cannot watch ${watching.prefix}: ${why}`),
    }).then((end) => {
      if (isOver || !isOn()) return end();
      watching.end = () => {
        isOver = true;
        end();
      };
    }, (error) => {
      if (isOn()) this.#lose(reached, `cannot watch ${watching.prefix}: ${reasonOf(error)}`);
    });
  }

  #write(key: string, value: Json, revision: number | null): Promise<number | null> {
    const text = JSON.stringify(value);
    return this.#ask(`write ${key}`, async (bucket) => {
      try {
        return await writeTo(bucket, key, text, revision);
      } catch (error) {
        if (isWrongRevision(error)) return null;
        throw error;
      }
    });
  }

  /** @throws {GatehouseError} `away`, `too_large`. */
  async #ask<Value>(what: string, work: (bucket: Bucket) => Promise<Value>): Promise<Value> {
    const reached = this.#reached;
    if (reached === null) throw away(what, this.#away);
    try {
      return await Promise.race([work(reached), reached.gone]);
    } catch (error) {
      if (error instanceof GatehouseError) throw error;
      const why = reasonOf(error);
      this.#lose(reached, `cannot ${what}: ${why}`);
      throw away(what, why);
    }
  }

  #lose(reached: Reached, why: string): void {
    if (this.#reached !== reached) return;
    this.end(why);
    this.#options.lost(why);
  }
}

function away(what: string, why: string): GatehouseError {
  return new GatehouseError("away", "peer", `Cannot ${what}: ${why}`);
}
