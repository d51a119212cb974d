/**
 * Takes parcels of shards that other units give to this one: what waits goes to the worker that is to have the shard,
 * the estate is kept until the shard is taken up.
 *
 * @module
 */

import type { Cancel } from "../../../ports/clock.ts";
import type { Bus, Json } from "../../../ports/fleet/bus.ts";
import { GatehouseError } from "../../../protocol/errors.ts";
import { type ShardKey, type ShardKeyText, shardKeyText } from "../../../protocol/ids.ts";
import { type ParcelPart, parcelSubject, parseParcelPart } from "./parcel.ts";
import { parseWritten, type Written } from "./written.ts";

/** What taking parcels takes. */
export interface ReceptionOptions {
  readonly self: string;
  readonly bus: Pick<Bus, "answer">;
  /** Keeps records for a shard that is not up here, or says why it cannot. */
  readonly putIn: (
    shard: ShardKey,
    reader: string | null,
    records: Uint8Array<ArrayBuffer>,
    isFirst: boolean,
  ) => Promise<void>;
}

/** A parcel that has not come whole, or has. */
interface Coming {
  readonly parcel: string;
  /** What is to come next. */
  n: number;
  /** Records of which there is more to come. */
  pieces: Uint8Array<ArrayBuffer>[];
  /** Whether these begin what waits for somebody. */
  isFirst: boolean;
  written: Written | null;
}

/** Where one unit takes parcels. */
export class Reception {
  readonly #options: ReceptionOptions;
  readonly #coming = new Map<ShardKeyText, Coming>();
  #cancel: Cancel = () => {};

  constructor(options: ReceptionOptions) {
    this.#options = options;
  }

  /** Takes them from now on. */
  start(): void {
    const { bus, self } = this.#options;
    this.#cancel = bus.answer(parcelSubject(self), (value) => this.#take(parseParcelPart(value)));
  }

  /** The estate of a shard that has come whole, once; `null`: none has. */
  take(shard: ShardKey): Written | null {
    const written = this.#coming.get(shardKeyText(shard))?.written ?? null;
    if (written) this.drop(shard);
    return written;
  }

  /** What has come of a shard is of no use. */
  drop(shard: ShardKey): void {
    this.#coming.delete(shardKeyText(shard));
  }

  /** Takes none any more. */
  stop(): void {
    this.#cancel();
  }

  async #take(part: ParcelPart): Promise<Json> {
    const text = shardKeyText(part.shard);
    if (part.part === "begin") {
      const coming = { parcel: part.parcel, n: 1, pieces: [], isFirst: false, written: null };
      await this.#options.putIn(part.shard, null, new Uint8Array(), true);
      this.#coming.set(text, coming);
      return null;
    }
    const coming = this.#coming.get(text);
    if (coming?.parcel !== part.parcel || coming.n !== part.n) throw notNext(part);
    coming.n++;
    if (part.part === "records") await this.#records(coming, part);
    else coming.written = parseWritten(part.shard, part.written, null);
    return null;
  }

  async #records(
    coming: Coming,
    { shard, reader, isFirst, isWhole, bytes }: Extract<ParcelPart, { part: "records" }>,
  ): Promise<void> {
    coming.isFirst ||= isFirst;
    coming.pieces.push(bytes);
    if (!isWhole) return;
    const records = joined(coming.pieces);
    const { isFirst: begins } = coming;
    coming.pieces = [];
    coming.isFirst = false;
    await this.#options.putIn(shard, reader, records, begins);
  }
}

function joined(pieces: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  if (pieces.length === 1) return pieces[0]!;
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function notNext({ shard, from }: ParcelPart): GatehouseError {
  const why = `what came from ${from} is not what was to come next`;
  const text = `Cannot take shard ${shardKeyText(shard)}: ${why}`;
  return new GatehouseError("illegal_step", "peer", text);
}
