/**
 * What only the disks of units that are away have of shards that this one took up: written in the keys, and again
 * where the server has lost it. Without that key the unit that comes back would take what it has for nobody's.
 *
 * @module
 */

import type { FleetLine } from "../../../ports/fleet/fleet.ts";
import type { Cancel } from "../../../ports/clock.ts";
import type { Log } from "../../../ports/log.ts";
import { messageOf } from "../../../protocol/errors.ts";
import type { ShardKey } from "../../../protocol/ids.ts";
import type { EstateKeys } from "./estate_keys.ts";
import { joinMissing, type Missing, missingKey } from "./written.ts";

/** What it takes. */
export interface MissingNotesOptions {
  readonly line: Pick<FleetLine, "keys">;
  readonly keys: Pick<EstateKeys, "addMissing" | "missing">;
  readonly log: Log;
}

interface Note {
  readonly shard: ShardKey;
  readonly unit: string;
  readonly missing: Missing;
}

/** What this unit has said to be missing, and nobody has brought yet. */
export class MissingNotes {
  readonly #options: MissingNotesOptions;
  readonly #noted = new Map<string, Note>();
  #cancel: Cancel = () => {};

  constructor(options: MissingNotesOptions) {
    this.#options = options;
  }

  /** Looks after it from now on. */
  start(): void {
    this.#cancel = this.#options.line.keys.watch("missing.", (key, entry) => {
      // All that there is was told: as it began, and after the connection was lost.
      if (key === null) void this.#writeAgain();
      else if (entry === null) this.#noted.delete(key);
    });
  }

  /** Says that only a unit's disk has something of a shard. Rejects where that cannot be written. */
  async add(shard: ShardKey, unit: string, missing: Missing): Promise<void> {
    await this.#options.keys.addMissing(shard, unit, missing);
    const key = missingKey(shard, unit);
    const before = this.#noted.get(key)?.missing ?? null;
    this.#noted.set(key, { shard, unit, missing: joinMissing(missing, before) });
  }

  /** Looks after nothing any more. */
  stop(): void {
    this.#cancel();
  }

  async #writeAgain(): Promise<void> {
    const { keys, log } = this.#options;
    try {
      for (const { shard, unit, missing } of [...this.#noted.values()]) {
        if (await keys.missing(shard, unit)) continue;
        await keys.addMissing(shard, unit, missing);
      }
    } catch (error) {
      // The line is down again: all is told once more when it is up.
      log.debug("what is missing was not written again", { error: messageOf(error) });
    }
  }
}
