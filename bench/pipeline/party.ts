/**
 * What is measured beside what: each party takes the same events from the same simulator to a handler.
 *
 * @module
 */

import type { WorldAddress } from "./world.ts";

/** What the simulator sends with. */
export type Compression = "zlib-stream" | "none";

/** Every party asks for all of them. */
export const INTENTS = 0x331_ffff;

/** What a party is started with. */
export interface PartyOptions {
  readonly world: WorldAddress;
  readonly shards: number;
  readonly compression: Compression;
  /** A temporary folder of its own. */
  readonly folder: string;
  /** Where Gatehouse as it was is checked out, if it is. */
  readonly baseTree: string | null;
}

/** A party that runs. */
export interface RunningParty {
  /** The process of its gateway side: the unit. Processes below it are the cluster's. */
  readonly pid: number;
  /** The process of its handler, where the unit did not start it and it is not the unit itself. */
  readonly handlerPid?: number;
  /** What it printed last, to tell why it does not work. */
  lastWords(): string;
  end(): Promise<void>;
}

/** A party. */
export interface Party {
  /** For `--parties`. */
  readonly name: string;
  /** For tables. */
  readonly label: string;
  /** Its second process is no handler: only the first counts, against the unit of the others. */
  readonly unitOnly?: true;
  start(options: PartyOptions): Promise<RunningParty>;
}

/** What another library connects with. */
export interface ConnectOptions {
  readonly world: WorldAddress;
  readonly shards: number;
  readonly intents: number;
  /** Takes each dispatch, parsed. */
  dispatch(shardId: number, payload: { readonly d: unknown }): void;
}
