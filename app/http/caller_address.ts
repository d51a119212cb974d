/**
 * Whose request it is, where servers in front bring the requests of many: what tries are counted by, and what the log
 * tells of who did something.
 *
 * @module
 */

import { isIP } from "node:net";

/**
 * The IP address of who has sent a request.
 *
 * A trusted server is believed its [`Forwarded`](https://www.rfc-editor.org/rfc/rfc7239) or its `X-Forwarded-For`:
 * each adds at the end who came to it, so that the last address that is no trusted server's is the one. What stands
 * before that anybody could have written; and the whole of the header that the server does not write itself, which it
 * passes on as it came. So where the two name different callers neither counts. From anybody else they mean nothing.
 *
 * @param peer IP address of the other end of the connection.
 *
 * @example
 * ```ts
 * import { callerAddress } from "./caller_address.ts";
 * const trusts = (address: string) => address.startsWith("10.");
 * const headers = new Headers({ "x-forwarded-for": "1.1.1.1, 203.0.113.7, 10.0.0.2" });
 * console.assert(callerAddress(headers, "10.0.0.1", trusts) === "203.0.113.7");
 * console.assert(callerAddress(headers, "198.51.100.1", trusts) === "198.51.100.1");
 * ```
 */
export function callerAddress(
  headers: Headers,
  peer: string,
  trusts: (address: string) => boolean,
): string {
  if (!trusts(peer)) return peer;
  const told = [forwarded(headers), forwardedFor(headers)].filter((hops) => hops.length > 0);
  const callers = new Set(told.map((hops) => lastOf(hops, trusts)));
  const [caller = null] = callers;
  return callers.size === 1 && caller !== null ? caller : peer;
}

/** Who came to whom, the first first; `null`: what is there is no address. */
type Hops = readonly (string | null)[];

/** The caller in front of all trusted servers; `null`: it is not told. */
function lastOf(hops: Hops, trusts: (address: string) => boolean): string | null {
  // Who says something that is no address has told nothing of those before it.
  const known = hops.slice(hops.lastIndexOf(null) + 1) as string[];
  return known.findLast((address) => !trusts(address)) ?? known[0] ?? null;
}

function forwarded(headers: Headers): Hops {
  return listIn(headers, "forwarded").map((hop) => {
    const [, quoted, bare] = /(?:^|;)\s*for\s*=\s*(?:"([^"]*)"|([^;\s]*))/i.exec(hop) ?? [];
    return addressIn(quoted ?? bare ?? "");
  });
}

function forwardedFor(headers: Headers): Hops {
  return listIn(headers, "x-forwarded-for").map((hop) => addressIn(hop.trim()));
}

function listIn(headers: Headers, name: string): string[] {
  return headers.get(name)?.split(",") ?? [];
}

/** An address with or without a port: `203.0.113.7:443`, `[2001:db8::1]:443`, `2001:db8::1`. */
function addressIn(text: string): string | null {
  const [, bracketed] = /^\[([^\]]*)\](?::\d+)?$/.exec(text) ?? [];
  const address = bracketed ?? text.replace(/^(\d+(?:\.\d+){3}):\d+$/, "$1");
  return isIP(address) === 0 ? null : address;
}
