/**
 * A unit in a process of its own, so that what the unit costs is what its process costs.
 *
 * @module
 */

import type { PeerAddress } from "./peer.ts";
import { answerQuestions, cpuUs } from "./program.ts";
import { discordenoUnit, gatehouseUnit, type RunningUnit, type UnitKind } from "./units.ts";

/** What a unit's process is asked for. */
export type UnitQuestion =
  /** Answered with the address that its consumer dials. */
  | {
    readonly do: "create";
    readonly kind: UnitKind;
    readonly peer: PeerAddress;
    readonly shards: number;
  }
  /** Answered when every shard is ready. */
  | { readonly do: "start" }
  /** Answered with the processor time so far, µs. */
  | { readonly do: "cpu" }
  /** Answered with the resident bytes. */
  | { readonly do: "memory" };

let running: RunningUnit | undefined;

async function answer(question: UnitQuestion): Promise<unknown> {
  switch (question.do) {
    case "create": {
      const { kind, peer, shards } = question;
      running = kind === "discordeno"
        ? discordenoUnit({ peer, shards })
        : await gatehouseUnit({ peer, shards, compression: kind });
      return running.url;
    }
    case "start":
      return await running?.start();
    case "cpu":
      return cpuUs();
    case "memory":
      return Deno.memoryUsage().rss;
  }
}

if (import.meta.main) await answerQuestions(answer);
