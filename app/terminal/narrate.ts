/**
 * What happens in a unit, told in the log: one line per thing that a person wants to know.
 *
 * @module
 */

import type { Log } from "../../ports/log.ts";
import type { ClusterSnapshot, ShardState, ShardStatus } from "../../protocol/status.ts";
import { startSummary } from "./progress.ts";
import type { Unit } from "../../unit/unit.ts";

/** Tells the log until the unit has stopped. */
export async function narrate(unit: Unit, log: Log, ready: () => void): Promise<void> {
  const states = new Map<number, ShardState>();
  for await (const status of unit.status()) {
    switch (status.kind) {
      case "shard":
        tellShard(status.shard, states.get(status.shard.shardId), log);
        states.set(status.shard.shardId, status.shard.state);
        break;
      case "cluster":
        tellCluster(status.cluster, log);
        break;
      case "service":
        log.debug("service", { ...status.service });
        break;
      case "allClustersReady":
        log.info("all clusters are ready");
        break;
      case "ALL_MEMBERS_CACHED":
        log.info("all members have come", { clusterId: status.clusterId ?? "all" });
        break;
      case "ready":
        ready();
        for (const line of startSummary(unit.snapshot, status.tookMs)) log.info(line);
        break;
      case "stopping":
        log.info("stopping, sessions are kept", { reason: status.reason });
    }
  }
}

function tellShard(shard: ShardStatus, before: ShardState | undefined, log: Log): void {
  const { shardId, state, reason } = shard;
  if (state === "ready") log.info("shard is ready", { shardId, reason });
  else if (before === "ready" && reason !== "stopping") {
    log.warn("shard reconnects", { shardId, state, reason });
  } else log.debug("shard", { shardId, state, reason });
}

function tellCluster({ clusterId, state, reason }: ClusterSnapshot, log: Log): void {
  log.debug("cluster", { clusterId, state, reason });
}
