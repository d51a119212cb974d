/**
 * The names under which programs on this machine reach a port of ours.
 *
 * @module
 */

import { isIPv6 } from "node:net";

/** `host:port` in lower case, as a `Host` header gives them: without the port where that is 80. */
export function ownHosts(listenHost: string, url: string): ReadonlySet<string> {
  const port = new URL(url).port || "80";
  const own = isIPv6(listenHost) ? `[${listenHost}]` : listenHost;
  const names = ["127.0.0.1", "localhost", "[::1]", own.toLowerCase()];
  const withPort = names.map((name) => `${name}:${port}`);
  return new Set(port === "80" ? [...names, ...withPort] : withPort);
}
