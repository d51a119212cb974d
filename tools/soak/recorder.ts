/**
 * A bot that writes down what it gets, and compares it with the simulator's ledger.
 *
 * @module
 */

import { serveEvents } from "../../mod.ts";
import { sleep, systemClock } from "../../ports/clock.ts";
import { silentLog } from "../../ports/log.ts";
import type { Ledger } from "../../sim/mod.ts";

/** What the comparison says; all zero but `events` when nothing is wrong. */
export interface Verdict {
  readonly events: number;
  readonly lost: number;
  /** Seen twice by one life of our client. */
  readonly twice: number;
  readonly outOfOrder: number;
  /** GAPs that the bot was told of. */
  readonly gaps: number;
}

/** The bot. */
export interface Recorder {
  /** Listens for the unit, as a new process would. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** From now on each event takes it so long. */
  pace(handlerMs: number): void;
  verdict(ledger: Ledger): Verdict;
}

/** A recorder that listens on `port`. */
export function createRecorder(port: number, secretKey: string): Recorder {
  const seen = new Set<string>();
  let life = new Set<string>();
  const sessions = new Map<number, string>();
  const last = new Map<number, number>();
  let handlerMs = 0;
  let server: { stop(): Promise<void> } | null = null;
  const counts = { twice: 0, outOfOrder: 0, gaps: 0 };

  const bot = {
    wants: () => true,
    handle(
      { t, s, d }: { t: string; s: number | null; d: unknown },
      { shardId }: { shardId: number },
    ) {
      if (t === "GATEHOUSE_GAP") return void counts.gaps++;
      if (t === "READY") {
        sessions.set(shardId, (d as { session_id: string }).session_id);
        last.set(shardId, 0);
      }
      const id = `${sessions.get(shardId)}:${s}`;
      if (life.has(id)) counts.twice++;
      else if (s! <= last.get(shardId)! && !seen.has(id)) counts.outOfOrder++;
      life.add(id);
      seen.add(id);
      last.set(shardId, s!);
      return handlerMs > 0 ? sleep(systemClock, handlerMs) : undefined;
    },
  };

  return {
    async start() {
      life = new Set();
      server = await serveEvents({ port, secretKey, windowBytes: 1 << 20, log: silentLog }, bot);
    },
    async stop() {
      await server?.stop();
      server = null;
    },
    pace(ms) {
      handlerMs = ms;
    },
    verdict(ledger) {
      const lost = ledger.events.filter(({ sessionId, s }) => !seen.has(`${sessionId}:${s}`));
      return { events: seen.size, lost: lost.length, ...counts };
    },
  };
}
