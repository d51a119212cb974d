/**
 * All that the parts of a program need of the world. Each names what it takes:
 * `extends Pick<World, "clock" | "log">`.
 *
 * @module
 */

import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Random } from "./random.ts";
import type { Connect } from "./socket.ts";
import type { Store } from "./store.ts";

/** The world. */
export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly connect: Connect;
  readonly store: Store;
}
