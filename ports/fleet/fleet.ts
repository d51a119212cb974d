/**
 * A fleet as the parts of a unit see it: the line to the other units, and who they are just now. What they write
 * to each other is in `protocol/fleet.ts`.
 *
 * @module
 */

import type { ShardKey } from "../../protocol/ids.ts";
import type { Bus } from "./bus.ts";
import type { Cancel } from "../clock.ts";
import type { EventStream } from "./event_stream.ts";
import type { Keys } from "./keys.ts";

/** The connection to what joins the units. */
export interface FleetLine {
  readonly bus: Bus;
  readonly keys: Keys;
  /** Where events are kept for whoever reads them; without it nothing keeps any. */
  readonly events?: EventStream;
  /** Whether it is up; while it is not, what is published is lost and what is asked is `away`. */
  readonly isUp: boolean;
  /** What is wrong with what joins the units, though it works, in a person's words. */
  readonly warnings: readonly string[];
  /** Has `changed` called after it came up or went down, until cancelled. */
  watch(changed: (isUp: boolean) => void): Cancel;
  /** Says goodbye. */
  close(): Promise<void>;
}

/** Who the units are just now, as far as this one knows. */
export interface FleetView {
  /** The name of this unit. */
  readonly self: string;
  /** Names of the units that live, this one among them, in order; what this one knew last while it is cut off. */
  readonly members: readonly string[];
  /** The unit that leads; `null`: none is known. */
  readonly leader: string | null;
  /** Fencing number of this unit's lead; `null`: it does not lead, or is not sure of it any more. */
  readonly term: number | null;
  /** The unit that has a shard; `null`: none has. */
  ownerOf(shard: ShardKey): string | null;
  /** Has `changed` called after any of this is another, until cancelled. */
  watch(changed: () => void): Cancel;
}
