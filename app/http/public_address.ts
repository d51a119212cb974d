/**
 * Our WebSocket address as a caller reaches us: what `GET /gateway/bot` and READY's `resume_gateway_url`
 * tell. Behind a server that ends TLS, or that has another name, our own port does not know it.
 *
 * @module
 */

import { BlockList, isIPv6 } from "node:net";
import type { OwnPlace } from "../../rest/auth.ts";
import { authorityOf } from "../../rest/auth.ts";
import { reachedAs } from "./listen.ts";

/** What tells our address. */
export interface PublicPlace {
  /** `PUBLIC_URL`: told to everybody; `null`: told by what each caller shows. */
  readonly publicUrl: string | null;
  /** Whether the server at this IP address is believed when it tells how it was reached. */
  readonly trusts: (address: string) => boolean;
  /** Where programs of this machine reach us. */
  readonly own: OwnPlace;
}

/** A request, and who brought it: the IP address of the other end of its connection. */
export interface Caller {
  readonly request: Request;
  readonly peer: string;
}

/**
 * `ws://host/` or `wss://host/`, with the path of `PUBLIC_URL`.
 *
 * A trusted server is believed its [`Forwarded`](https://www.rfc-editor.org/rfc/rfc7239), else its
 * `X-Forwarded-Proto` and `X-Forwarded-Host`: of several the first, which is the client's own view. From
 * anybody else they mean nothing. What is missing, or is no host, is taken from `Host`.
 *
 * @example
 * ```ts
 * import { socketAddress } from "./public_address.ts";
 * const headers = { host: "10.0.0.7:8787", forwarded: "proto=https;host=bots.example" };
 * const request = new Request("http://unit/", { headers });
 * const own = { names: new Set<string>(), port: "8787" };
 * const place = { publicUrl: null, trusts: (address: string) => address === "10.0.0.1", own };
 * console.assert(socketAddress({ request, peer: "10.0.0.1" }, place) === "wss://bots.example/");
 * console.assert(socketAddress({ request, peer: "10.0.0.2" }, place) === "ws://10.0.0.7:8787/");
 * ```
 */
export function socketAddress({ request, peer }: Caller, place: PublicPlace): string {
  const { publicUrl, trusts, own } = place;
  if (publicUrl !== null) return `${publicUrl.replace(/^http/i, "ws")}/`;
  const { headers, url } = request;
  const { scheme, host } = trusts(peer) ? forwarded(headers) : NOTHING_FORWARDED;
  const asked = headers.get("host") ?? new URL(url).host;
  // Who says by which scheme it was reached means the scheme's own port where it names none.
  return `${scheme ?? "ws"}://${host ?? (scheme === null ? reachedAs(asked, own) : asked)}/`;
}

/**
 * Tells who is trusted.
 *
 * @param proxies IP addresses, and networks as `10.0.0.0/8`.
 */
export function trustOf(proxies: readonly string[]): (address: string) => boolean {
  const trusted = new BlockList();
  for (const proxy of proxies) {
    const [address, prefix] = proxy.split("/") as [string, string?];
    const family = familyOf(address);
    if (prefix === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(prefix), family);
  }
  return (address) => address !== "" && trusted.check(address, familyOf(address));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}

/** How a server was reached; `null`: it does not say. */
interface Forwarded {
  readonly scheme: "ws" | "wss" | null;
  readonly host: string | null;
}

const NOTHING_FORWARDED: Forwarded = { scheme: null, host: null };

function forwarded(headers: Headers): Forwarded {
  const pairs = firstOf(headers.get("forwarded")).split(";").map(pairOf);
  const told = new Map(pairs);
  const scheme = told.get("proto") ?? firstOf(headers.get("x-forwarded-proto"));
  const host = told.get("host") ?? firstOf(headers.get("x-forwarded-host"));
  return { scheme: SCHEMES.get(scheme.toLowerCase()) ?? null, host: isHost(host) ? host : null };
}

/** Whether an address can have it: `.0`, `1.2.3.400` and `a:99999` look like hosts, and are none. */
function isHost(host: string): boolean {
  return authorityOf(host) !== null && URL.canParse(`ws://${host}/`);
}

const SCHEMES: ReadonlyMap<string, "ws" | "wss"> = new Map([
  ["http", "ws"],
  ["https", "wss"],
  ["ws", "ws"],
  ["wss", "wss"],
]);

function firstOf(list: string | null): string {
  const [first = ""] = (list ?? "").split(",");
  return first.trim();
}

/** `name=value` or `name="value"`, the name in lower case. */
function pairOf(text: string): [name: string, value: string] {
  const [, name = "", quoted, bare] =
    /^\s*([\w-]+)\s*=\s*(?:"([^"\\]*)"|([^"\s]*))\s*$/.exec(text) ??
      [];
  return [name.toLowerCase(), quoted ?? bare ?? ""];
}
