/**
 * What waits of a shard, and its estate, on the way from one unit to another: piece by piece, each asked for its
 * answer before the next, because a bus may lose what is only said. A large event goes in several pieces.
 *
 * @module
 */

import type { Bus, Json } from "../../../ports/fleet/bus.ts";
import { GatehouseError } from "../../../protocol/errors.ts";
import type { ShardKey } from "../../../protocol/ids.ts";
import { isCount, isRecord } from "../../../protocol/record.ts";

/** Bytes of a piece before they are made text: NATS takes a megabyte by itself. */
export const PIECE_BYTES: number = 192 * 1024;
/** A unit that does not answer for so long has not got it. */
export const PIECE_DEADLINE_MS = 5_000;

/** Subject on which a unit takes parcels. */
export function parcelSubject(unit: string): string {
  return `unit.${unit}.estate`;
}

/** Whose parcel it is. */
export interface ParcelHead {
  readonly shard: ShardKey;
  /** The unit that gives the shard away. */
  readonly from: string;
  /** Another one each time that it tries. */
  readonly parcel: string;
  /** Counts what belongs to the parcel, from 0. */
  readonly n: number;
}

/** One thing of a parcel. */
export type ParcelPart =
  & ParcelHead
  & (
    /** It is about to come: what waits is still with the giver, who goes on. */
    | { readonly part: "begin" }
    /** A part of records that wait for the bot (`null`) or a reader. */
    | {
      readonly part: "records";
      readonly reader: string | null;
      /** The first of them. */
      readonly isFirst: boolean;
      /** With it the records are whole. */
      readonly isWhole: boolean;
      readonly bytes: Uint8Array<ArrayBuffer>;
    }
    /** That was all; the estate. */
    | { readonly part: "end"; readonly written: Json }
  );

/** The sending end of a parcel. Every verb rejects with `away`, `deadline`, or what the other unit says. */
export class Parcel {
  readonly #bus: Pick<Bus, "ask">;
  readonly #to: string;
  readonly #head: Omit<ParcelHead, "n">;
  #n = 0;
  /** Bytes sent so far. */
  bytes = 0;

  /** @param to The unit that is to get it. */
  constructor(bus: Pick<Bus, "ask">, to: string, head: Omit<ParcelHead, "n">) {
    this.#bus = bus;
    this.#to = to;
    this.#head = head;
  }

  /** Says that it comes: who does not answer does not get it. */
  begin(): Promise<void> {
    return this.#send({ part: "begin" });
  }

  /** Sends records, one after another; none is a beginning, too. */
  async records(reader: string | null, bytes: Uint8Array, isFirst: boolean): Promise<void> {
    for (let at = 0; at === 0 || at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      this.bytes += piece.length;
      await this.#send({
        part: "records",
        reader,
        isFirst: isFirst && at === 0,
        isWhole: at + PIECE_BYTES >= bytes.length,
        bytes: piece.toBase64(),
      });
    }
  }

  /** Says that this was all. */
  end(written: Json): Promise<void> {
    return this.#send({ part: "end", written });
  }

  async #send(part: { readonly [name: string]: Json }): Promise<void> {
    const { shard, from, parcel } = this.#head;
    const value = { id: shard.id, total: shard.total, from, parcel, n: this.#n++, ...part };
    await this.#bus.ask(parcelSubject(this.#to), value, PIECE_DEADLINE_MS);
  }
}

/**
 * Reads a part of a parcel.
 *
 * @throws {GatehouseError} `bad_message` where it is none.
 */
export function parseParcelPart(value: Json): ParcelPart {
  const { id, total, from, parcel, n, ...rest } = isRecord(value) ? value : {};
  const isHead = isCount(id) && isCount(total) && isCount(n) && typeof from === "string" &&
    typeof parcel === "string";
  const part = isHead ? partOf(rest) : null;
  if (!isHead || !part) {
    throw new GatehouseError("bad_message", "peer", "Cannot take an estate: it is no part of one");
  }
  return { shard: { id, total }, from, parcel, n, ...part };
}

type Part<Parts = ParcelPart> = Parts extends unknown ? Omit<Parts, keyof ParcelHead> : never;

function partOf(fields: Record<string, unknown>): Part | null {
  const { part, reader, isFirst, isWhole, bytes, written } = fields;
  if (part === "begin") return { part };
  if (part === "end") return { part, written: written as Json };
  if (part !== "records" || typeof bytes !== "string") return null;
  if (reader !== null && typeof reader !== "string") return null;
  return {
    part,
    reader,
    isFirst: isFirst === true,
    isWhole: isWhole === true,
    bytes: Uint8Array.fromBase64(bytes),
  };
}
