/**
 * The REST proxy in front of a simulated Discord, in virtual time, without a network. Not a test.
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";
import { silentLog } from "../../ports/log.ts";
import { RestProxy } from "../../rest/proxy.ts";
import type { Rest } from "../../sim/mod.ts";

/** Callers are nobody's: it is for what a unit asks itself. */
export function simProxy(rest: Rest, clock: Clock, token = "sim-token"): RestProxy {
  return new RestProxy({
    upstream: new URL("http://discord.sim/api"),
    token,
    send: ({ method, path, headers, body, signal }) => {
      signal.throwIfAborted();
      const request = new Request(`http://discord.sim${path}`, {
        method,
        headers: [...headers].map(([name, value]): [string, string] => [name, value]),
        body,
      });
      return rest(request, { remoteAddress: "192.0.2.1" });
    },
    authorize: () => "as is",
    clock,
    log: silentLog,
  });
}
