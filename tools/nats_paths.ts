/**
 * Where servers of NATS are on machines that have one: Debian's package, one put there by hand, and what `go`
 * builds. Tests start those that there are.
 *
 * @module
 */

/** Files that may be there. */
export const NATS_PATHS: readonly string[] = [
  "/usr/sbin/nats-server",
  "/usr/bin/nats-server",
  "/usr/local/bin/nats-server",
  ...["HOME"].map((name) => Deno.env.get(name)).filter(Boolean).map((home) =>
    `${home}/go/bin/nats-server`
  ),
];
