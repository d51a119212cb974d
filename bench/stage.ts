/**
 * A unit and the rest of its world, each in a process of its own, with every shard ready.
 *
 * @module
 */

import type { Delays, PeerAddress, PeerQuestion } from "./peer.ts";
import { startProgram } from "./program.ts";
import type { UnitQuestion } from "./unit_program.ts";
import type { UnitKind } from "./units.ts";

/** What the stage is set with. */
export interface StageOptions {
  readonly kind: UnitKind;
  readonly shards: number;
  readonly guilds: number;
}

/** A stage, set. */
export interface Stage {
  /** Sends events as fast as they come back; gives the ms until all had. */
  flood(count: number): Promise<number>;
  /** Sends events at a rate. */
  pace(perSecond: number, forMs: number): Promise<Delays>;
  /** Processor time of the unit so far, µs. */
  unitCpuUs(): Promise<number>;
  /** Resident bytes of the unit. */
  unitBytes(): Promise<number>;
  end(): Promise<void>;
}

/** Sets a stage; resolves when every shard is ready. */
export async function setStage({ kind, shards, guilds }: StageOptions): Promise<Stage> {
  const peer = startProgram(new URL("./peer.ts", import.meta.url));
  const unit = startProgram(new URL("./unit_program.ts", import.meta.url));
  const askPeer = <Answer>(question: PeerQuestion) => peer.ask<Answer>(question);
  const askUnit = <Answer>(question: UnitQuestion) => unit.ask<Answer>(question);
  const address = await askPeer<PeerAddress>({ do: "serve", shards, guilds });
  const url = await askUnit<string>({ do: "create", kind, peer: address, shards });
  await askPeer({ do: "dial", url, as: kind === "discordeno" ? "texts" : "link" });
  await askUnit({ do: "start" });
  return {
    flood: (count) => askPeer({ do: "flood", count }),
    pace: (perSecond, forMs) => askPeer({ do: "pace", perSecond, forMs }),
    unitCpuUs: () => askUnit({ do: "cpu" }),
    unitBytes: () => askUnit({ do: "memory" }),
    async end() {
      await unit.end();
      await peer.end();
    },
  };
}
