/**
 * What the units of a fleet are under way with while guilds move: each tells all others, so that together they begin
 * no more lots than the day's identifies do for, and each can say how the whole stands.
 *
 * @module
 */

import type { Bus, Json } from "../../../ports/fleet/bus.ts";
import type { Cancel, Clock } from "../../../ports/clock.ts";
import { LEASE_MS } from "../../../protocol/fleet.ts";
import { isCount, isRecord } from "../../../protocol/record.ts";
import { LOT_PHASES } from "../../../protocol/reshard.ts";
import type { LotsUnderWay } from "../lots/share.ts";

const SUBJECT = "all.reshard";
/** Who has not told for so long is dead, each tells every two seconds; by then others have what it was under way with. */
export const SILENT_MS = 2 * LEASE_MS;

/** What they take. */
export interface LotReportsOptions {
  readonly clock: Clock;
  readonly bus: Bus;
  /** The name of this unit. */
  readonly self: string;
}

/** What the others have told. */
export class LotReports {
  readonly #options: LotReportsOptions;
  readonly #told = new Map<string, { readonly report: LotsUnderWay; readonly atMs: number }>();
  readonly #cancel: Cancel;

  constructor(options: LotReportsOptions) {
    this.#options = options;
    const { bus, clock, self } = options;
    this.#cancel = bus.subscribe(SUBJECT, (value) => {
      const report = reportIn(value);
      if (report && report.unit !== self) {
        this.#told.set(report.unit, { report, atMs: clock.now() });
      }
    });
  }

  /** Of each that has told of late. */
  get others(): readonly LotsUnderWay[] {
    const sinceMs = this.#options.clock.now() - SILENT_MS;
    return [...this.#told.values()].filter(({ atMs }) => atMs >= sinceMs)
      .map(({ report }) => report);
  }

  /** Tells the others what this one is under way with. */
  tell({ unit, turn, lots, need }: LotsUnderWay): void {
    const told = lots.map(({ rest, phase, reason, sinceMs }) => ({ rest, phase, reason, sinceMs }));
    this.#options.bus.publish(SUBJECT, { unit, turn, lots: told, need: { ...need } });
  }

  /** Hears nothing more. */
  stop(): void {
    this.#cancel();
  }
}

/** What nobody can read is of a unit of another version. */
function reportIn(value: Json): LotsUnderWay | null {
  const { unit, turn, lots, need } = isRecord(value) ? value : {};
  const { shards, identifies } = isRecord(need) ? need : {};
  const isOne = typeof unit === "string" && isCount(turn) && isCount(shards) &&
    isCount(identifies) && Array.isArray(lots) && lots.every(isLot);
  return isOne ? value as unknown as LotsUnderWay : null;
}

function isLot(value: unknown): boolean {
  const { rest, phase, reason, sinceMs } = isRecord(value) ? value : {};
  return isCount(rest) && (LOT_PHASES as readonly unknown[]).includes(phase) &&
    typeof reason === "string" && Number.isFinite(sinceMs);
}
