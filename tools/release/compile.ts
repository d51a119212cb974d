/**
 * How Gatehouse is compiled to one executable.
 *
 * @module
 */

/**
 * What is baked into it. It works out nothing of its settings before it starts, so it may do what a unit may
 * need; each shard worker and each cluster gets less.
 */
export const BAKED_FLAGS: readonly string[] = [
  "--no-prompt",
  "--allow-env",
  "--allow-net",
  "--allow-read",
  "--allow-run",
  "--allow-sys",
  "--allow-write",
];
