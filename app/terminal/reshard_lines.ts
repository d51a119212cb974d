/**
 * What a person is told of a reshard: a line when it begins, is steered and ends, one for each few shards that
 * have moved, and the line at the bottom of a terminal.
 *
 * @module
 */

import type { LogFields, LogLevel } from "../../ports/log.ts";
import { rangesText } from "../../protocol/ids.ts";
import { LOT_PHASES, type LotSnapshot, type ReshardSnapshot } from "../../protocol/reshard.ts";
import { counted, duration } from "../../protocol/rounded.ts";
import { isUnderWay } from "../../unit/reshard/resharding.ts";

/** A line of the log. */
export interface Line {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields;
}

/** However many shards there are, so many lines tell of those that have moved. */
const MOST_LINES = 20;

/** The lines that each change of a reshard is worth. */
export class ReshardLines {
  #told: ReshardSnapshot | null = null;
  /** Lots that have been told of. */
  #moved = new Set<number>();

  /** To be called with each change. */
  of(reshard: ReshardSnapshot): Line[] {
    const before = this.#told?.startedAtMs === reshard.startedAtMs ? this.#told : null;
    this.#told = reshard;
    const lines = [...this.#begun(reshard, before), ...this.#movedLots(reshard)];
    if (before && before.state !== reshard.state) lines.push(stateLine(reshard));
    return lines;
  }

  #begun(reshard: ReshardSnapshot, before: ReshardSnapshot | null): Line[] {
    if (before) return [];
    const moved = reshard.lots.filter(hasMoved);
    this.#moved = new Set(moved.map(({ rest }) => rest));
    const { by, identifiesNeeded, identifiesLeft, lots } = reshard;
    const [verb, fields] = moved.length === 0 && reshard.state === "running"
      ? ["begins", { by }]
      : [`is ${reshard.state}`, { by, moved: `${moved.length} of ${lots.length} lots` }];
    return [{
      level: "info",
      event: `reshard ${verb}`,
      fields: { ...ends(reshard), ...fields, identifiesNeeded, identifiesLeft, ...left(reshard) },
    }];
  }

  #movedLots(reshard: ReshardSnapshot): Line[] {
    // Of what goes back nothing is told but that it does, and that it has.
    if (reshard.state === "cancelling" || reshard.state === "cancelled") return [];
    const fresh = reshard.lots.filter((lot) => hasMoved(lot) && !this.#moved.has(lot.rest));
    const all = this.#moved.size + fresh.length;
    const step = all === reshard.lots.length ? 1 : Math.ceil(reshard.lots.length / MOST_LINES);
    if (fresh.length < step) return [];
    for (const { rest } of fresh) this.#moved.add(rest);
    const { from, to } = reshard;
    return [{
      level: "info",
      event: "shards serve in place of others",
      fields: {
        shards: `${rangesText(fresh.flatMap((lot) => lot.to))} of ${to}`,
        inPlaceOf: `${rangesText(fresh.flatMap((lot) => lot.from))} of ${from}`,
        moved: `${all} of ${reshard.lots.length} lots`,
        ...spent(reshard),
        ...left(reshard),
      },
    }];
  }
}

function stateLine(reshard: ReshardSnapshot): Line {
  const { state, reason } = reshard;
  const fields = { ...ends(reshard), ...(reason !== "" && { reason }) };
  switch (state) {
    case "running":
      return { level: "info", event: "reshard goes on", fields: { ...fields, ...left(reshard) } };
    case "paused":
      return { level: "info", event: "reshard is paused", fields };
    case "cancelling":
      return { level: "warn", event: "reshard is taken back", fields };
    case "cancelled":
      return { level: "warn", event: "reshard was taken back", fields };
    case "failed":
      return { level: "error", event: "reshard failed", fields };
    case "done":
      return {
        level: "info",
        event: "reshard is done",
        fields: { ...ends(reshard), ...spent(reshard) },
      };
  }
}

function hasMoved({ phase }: LotSnapshot): boolean {
  return phase === "moved";
}

function ends({ from, to }: ReshardSnapshot): LogFields {
  return { from, to };
}

function spent(reshard: ReshardSnapshot): LogFields {
  const { guildsMoved: guilds, anchors, quiet, forced, identifiesSpent, identifiesLeft } = reshard;
  return { guilds, anchors, quiet, forced, identifiesSpent, identifiesLeft };
}

function left({ leftMs }: ReshardSnapshot): LogFields {
  return leftMs === null ? {} : { left: duration(leftMs) };
}

/**
 * The line at the bottom of a terminal while a reshard is under way, else none:
 * `reshard 2 → 4 running · about 9 s left · 1 of 2 lots moved, holding 1 · 812 guilds · 3 identifies, 895 left`.
 */
export function reshardLine(reshard: ReshardSnapshot | null): string {
  if (!isUnderWay(reshard)) return "";
  const { from, to, state, lots, guildsMoved, forced, identifiesSpent, leftMs } = reshard;
  const phases = LOT_PHASES.filter((phase) => phase !== "moved")
    .map((phase) => [phase, lots.filter((lot) => lot.phase === phase).length] as const)
    .filter(([, count]) => count > 0)
    .map(([phase, count]) => `${phase} ${count}`);
  const there = state === "cancelling" ? "back" : "moved";
  return [
    `reshard ${from} → ${to} ${state}`,
    // Before what a narrow terminal cuts off.
    ...(leftMs === null ? [] : [`about ${duration(leftMs)} left`]),
    [`${lots.filter(hasMoved).length} of ${lots.length} lots ${there}`, ...phases].join(", "),
    `${counted(guildsMoved, "guild")}${forced > 0 ? ` (${forced} forced)` : ""}`,
    `${counted(identifiesSpent, "identify", "identifies")}, ${reshard.identifiesLeft} left`,
  ].join(" · ");
}
