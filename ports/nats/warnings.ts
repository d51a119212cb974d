/**
 * What is wrong with a server that works.
 *
 * @module
 */

import type { Bucket } from "./bucket.ts";

/** The oldest that can be told to write each value to its disk at once. */
const SYNCS = [2, 10] as const;
/** What a unit may want to say at once: the last events of a shard that moves, and names around them. */
const LARGEST_BYTES = 400 * 1024;

/** In a person's words; empty: nothing is wrong. */
export function warningsOf({ connection, info }: Pick<Bucket, "connection" | "info">): string[] {
  const { version = "0", max_payload = 0 } = connection.info ?? {};
  const { num_replicas, max_age, storage } = info.config;
  const [major = 0, minor = 0] = version.split(".").map((part) => parseInt(part));
  const isOld = major < SYNCS[0] || major === SYNCS[0] && minor < SYNCS[1];
  return [
    isOld && `NATS ${version} is old: it cannot write each key to its disk at once (sync_interval)`,
    max_payload < LARGEST_BYTES &&
    `NATS takes ${max_payload} bytes at once (max_payload), ${LARGEST_BYTES} are wanted`,
    num_replicas === 1 && "one server alone keeps the keys (replicas 1)",
    storage === "memory" && "the keys are kept in memory alone",
    max_age > 0 && "the keys are forgotten after a time (max_age)",
  ].filter((text) => text !== false);
}
