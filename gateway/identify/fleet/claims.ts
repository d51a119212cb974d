/**
 * Requests for permits, named so that none of the fleet's is ever mistaken for another.
 *
 * @module
 */

import { type ShardKey, shardKeyText } from "../../../protocol/ids.ts";
import type { Shard, Told, Turn } from "./words.ts";

/** A request of one life of a unit; its permit has the same name. */
export interface Claim extends ShardKey {
  readonly unit: string;
  readonly life: string;
  /** Number of the request in that life; 0: it is only expected. */
  readonly turn: number;
}

/** The name of a claim: `a 1f3c 3/16 7`. */
export function claimName(claim: Claim): string {
  return `${claim.unit} ${claim.life} ${shardKeyText(claim)} ${claim.turn}`;
}

/** What a unit has told, by name. */
export interface Claims {
  readonly expects: ReadonlyMap<string, Claim>;
  readonly wants: ReadonlyMap<string, Claim>;
  readonly holds: ReadonlyMap<string, Claim>;
  /** One that was used twice is there twice. */
  readonly used: readonly Claim[];
}

/** The claims in what a unit has told. */
export function claimsOf({ unit, life, ...told }: Told): Claims {
  const claim = ([total, id, turn = 0]: Shard | Turn): Claim => ({ unit, life, total, id, turn });
  const named = (list: readonly (Shard | Turn)[]) =>
    new Map(list.map(claim).map((it) => [claimName(it), it]));
  return {
    expects: named(told.expects),
    wants: named(told.wants),
    holds: named(told.holds),
    used: told.used.map(claim),
  };
}
