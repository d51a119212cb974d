/**
 * Shards as a handover sees them, for tests of it.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { ShardKey } from "../../protocol/ids.ts";
import type { Cuts, ShardRole } from "../../protocol/reshard.ts";
import type { ShardState } from "../../protocol/status.ts";

/** A shard of either total. */
export interface FakeShard {
  readonly key: ShardKey;
  role: ShardRole["kind"] | null;
  state: ShardState;
  reason: string;
  sinceMs: number;
  connection: number;
  /** Number of its session; 0: it has none. */
  session: number;
  facts: { user: null; application: null; guildIds: string[] } | null;
  isHeld: boolean;
  isWatched: boolean;
  newest: number;
  acknowledged: number;
  /** Newest that may go to the bot. */
  through: number;
  /** Grows with each life of its worker: what was set going in an earlier one comes to nothing. */
  life: number;
  cuts: Cuts | null;
}

/** A shard that was never brought up. */
export function fakeShard(key: ShardKey): FakeShard {
  return {
    key,
    role: null,
    state: "idle",
    reason: "not started",
    sinceMs: 0,
    connection: 0,
    session: 0,
    facts: null,
    isHeld: false,
    isWatched: false,
    newest: 0,
    acknowledged: 0,
    through: Infinity,
    life: 0,
    cuts: null,
  };
}

/** A lot goes from these shards to those only where the former are held, and all that they served is done with. */
export function mustBeHandedOver(from: readonly FakeShard[], to: readonly FakeShard[]): void {
  assert.ok(from.every(({ role, isHeld }) => role !== "serves" || isHeld), "it is held");
  assert.ok(from.every(({ acknowledged, through }) => acknowledged >= through), "all is done");
  assert.ok(to.every(({ role }) => role !== "serves"), "who takes over has not served");
}

/** What READY tells a shard. */
export function factsOf({ id, total }: ShardKey) {
  return { user: null, application: null, guildIds: [`${id}${total}1`, `${id}${total}2`] };
}

/** What serves the bot in the end. */
export function serving({ shards }: { readonly shards: ReadonlyMap<string, FakeShard> }): string {
  const serving = [...shards].filter(([, { role, isHeld }]) => role === "serves" && !isHeld);
  return serving.map(([text]) => text).sort().join(" ");
}
