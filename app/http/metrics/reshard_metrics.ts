/**
 * The numbers of a reshard: of the one that is under way, else of the last one since the unit started. While
 * there was none, the states and phases are all 0, and the rest have no sample.
 *
 * @module
 */

import { LOT_PHASES, type ReshardSnapshot, type ReshardState } from "../../../protocol/reshard.ts";
import type { Snapshot } from "../../../protocol/status.ts";
import { labelled, type Metric, metric } from "./metric.ts";

const STATES: readonly ReshardState[] = [
  "running",
  "paused",
  "cancelling",
  "done",
  "cancelled",
  "failed",
];

/** Every metric of a reshard. */
export const RESHARD_METRICS: readonly Metric<Snapshot>[] = [
  metric("gatehouse_total_shards", "Shards of the whole bot.", ({ totalShards }) => [
    { labels: {}, value: totalShards },
  ]),
  metric(
    "gatehouse_reshard_state",
    "1 under the state of the reshard that is under way, or was the last.",
    ({ reshard }) =>
      STATES.map((state) => ({ labels: { state }, value: Number(reshard?.state === state) })),
  ),
  metric(
    "gatehouse_reshard_lots",
    "Lots of guilds that move together, by phase.",
    ({ reshard }) =>
      LOT_PHASES.map((phase) => ({
        labels: { phase },
        value: reshard?.lots.filter((lot) => lot.phase === phase).length ?? 0,
      })),
  ),
  of("gatehouse_reshard_to_shards", "Shards that it goes to.", ({ to }) => to),
  of("gatehouse_reshard_guilds_moved", "Guilds that have moved.", ({ guildsMoved }) => guildsMoved),
  metric(
    "gatehouse_reshard_cuts",
    "Guilds by what they were cut at: an event that both sessions saw, quiet, or neither.",
    ({ reshard }) => {
      if (reshard === null) return [];
      const { anchors, quiet, forced } = reshard;
      return labelled({ anchor: anchors, quiet, forced }, (at) => ({ at }));
    },
  ),
  of(
    "gatehouse_reshard_identifies_spent",
    "Identifies that it has taken.",
    ({ identifiesSpent }) => identifiesSpent,
  ),
  of(
    "gatehouse_reshard_identifies_needed",
    "Identifies that it will take from here on.",
    ({ identifiesNeeded }) => identifiesNeeded,
  ),
  metric(
    "gatehouse_reshard_left_seconds",
    "How long it will take from here on, about.",
    ({ reshard }) => {
      const leftMs = reshard?.leftMs ?? null;
      return leftMs === null ? [] : [{ labels: {}, value: leftMs / 1000 }];
    },
  ),
];

/** One number of a reshard, where there is or was one. */
function of(
  name: string,
  help: string,
  value: (reshard: ReshardSnapshot) => number,
): Metric<Snapshot> {
  return metric(
    name,
    help,
    ({ reshard }) => reshard === null ? [] : [{ labels: {}, value: value(reshard) }],
  );
}
