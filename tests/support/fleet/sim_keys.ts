/**
 * A unit's way to the simulated keys.
 *
 * @module
 */

import { Asks } from "../../../ports/asks.ts";
import type { Cancel } from "../../../ports/clock.ts";
import type { Json } from "../../../ports/fleet/bus.ts";
import type { Entry, Keys, TakeEntry } from "../../../ports/fleet/keys.ts";
import { GatehouseError } from "../../../protocol/errors.ts";
import type { SimConnection } from "./sim_connection.ts";
import type { SimServer, Watcher } from "./sim_server.ts";

/** After this long without an answer nobody knows whether it was done. */
const ANSWERED_MS = 5_000;

type Reply = { readonly value: unknown } | { readonly error: GatehouseError };

/** Keys as one unit has them. */
export class SimKeys implements Keys {
  readonly #connection: SimConnection;
  readonly #server: SimServer;
  readonly #asks: Asks<Reply>;
  readonly #watchers = new Set<Watcher>();
  /** What was told while the keys could not be reached, though the server could. */
  #untold: (() => void)[] = [];
  #isClosed = false;

  constructor(connection: SimConnection) {
    this.#connection = connection;
    this.#server = connection.world.server;
    this.#asks = new Asks<Reply>(connection.own, {
      read(reply) {
        if ("error" in reply) throw reply.error;
        return structuredClone(reply.value);
      },
      late: (what) => away(what),
      gone: (_, what) => away(what),
    });
    connection.reaches.push(() => this.#release());
    connection.leaves.push(() => {
      this.#untold = [];
      for (const watcher of this.#watchers) this.#server.watchers.delete(watcher);
    });
    connection.ends.push((isUp) => {
      if (!isUp) return this.#asks.drop("the line is down");
      for (const watcher of this.#watchers) this.#enlist(watcher);
    });
  }

  get(key: string): Promise<Entry | null> {
    return this.#ask(`for key ${key}`, (server) => server.get(key));
  }

  put(key: string, value: Json): Promise<number> {
    const copy = structuredClone(value);
    return this.#write<number>(key, copy, () => true);
  }

  create(key: string, value: Json): Promise<number | null> {
    const copy = structuredClone(value);
    return this.#write(key, copy, (now) => now === null);
  }

  update(key: string, value: Json, revision: number): Promise<number | null> {
    const copy = structuredClone(value);
    return this.#write(key, copy, (now) => now?.revision === revision);
  }

  async delete(key: string): Promise<void> {
    await this.#ask(`to delete key ${key}`, (server) => {
      refuseFull(server, key);
      server.delete(key);
    });
  }

  watch(prefix: string, take: TakeEntry): Cancel {
    if (this.#isClosed) return () => {};
    const watcher: Watcher = {
      prefix,
      tell: (key, entry) =>
        this.#tell(() => {
          if (this.#watchers.has(watcher)) take(key, entry);
        }),
    };
    this.#watchers.add(watcher);
    this.#enlist(watcher);
    return () => {
      this.#watchers.delete(watcher);
      this.#server.watchers.delete(watcher);
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#asks.drop("closed");
    for (const watcher of this.#watchers) this.#server.watchers.delete(watcher);
    this.#watchers.clear();
  }

  #write<Revision extends number | null>(
    key: string,
    value: Json,
    isMeant: (now: Entry | null) => boolean,
  ): Promise<Revision> {
    return this.#ask(`to write key ${key}`, (server) => {
      refuseFull(server, key);
      server.tally.characters += JSON.stringify(value).length;
      return server.write(key, (now) => isMeant(now) ? value : undefined) as Revision;
    });
  }

  async #ask<Value>(what: string, work: (server: SimServer) => Value): Promise<Value> {
    if (this.#isClosed || !this.#connection.isUp) throw away(what);
    return await this.#asks.ask(what, ANSWERED_MS, (id) => {
      this.#connection.up(() => {
        if (!this.#connection.hasKeys || this.#connection.drops) return;
        const reply = done(() => work(this.#server));
        if (!this.#connection.drops) this.#connection.down(() => this.#asks.settle(id, reply));
      });
    }) as Value;
  }

  #enlist(watcher: Watcher): void {
    this.#connection.up(() => {
      if (!this.#watchers.has(watcher)) return;
      this.#server.watchers.add(watcher);
      this.#server.tellAll(watcher);
    });
  }

  /** In order, and once the keys are reached. */
  #tell(task: () => void): void {
    if (!this.#connection.hasKeys) return void this.#untold.push(task);
    this.#release();
    this.#connection.down(task);
  }

  /** The keys are reached again: what changed meanwhile is told. */
  #release(): void {
    if (!this.#connection.hasKeys) return;
    const untold = this.#untold;
    this.#untold = [];
    for (const task of untold) this.#connection.down(task);
  }
}

function done(work: () => unknown): Reply {
  try {
    return { value: work() };
  } catch (error) {
    return { error: error as GatehouseError };
  }
}

function refuseFull({ isFull }: SimServer, key: string): void {
  if (!isFull) return;
  throw new GatehouseError(
    "disk_full",
    "host",
    `Cannot write key ${key}: the server's disk is full`,
  );
}

function away(what: string): GatehouseError {
  return new GatehouseError("away", "peer", `Cannot ask ${what}: the way to them is closed`);
}
