/**
 * What a client may ask for in the URL: version, encoding, compression. See
 * [Discord Docs/Connecting](https://discord.com/developers/docs/events/gateway#connecting).
 *
 * @module
 */

import type { Compression } from "./encoding.ts";

/** What a client asked for in the URL. */
export interface Dialect {
  readonly version: number;
  readonly encoding: string;
  readonly compression: Compression;
}

const NEWEST_VERSION = 10;
const OLDEST_VERSION = 6;
const COMPRESSIONS = ["zlib-stream", "zstd-stream"] as const;

/** What a URL asks for. `v` is 6 where it is missing, as Discord still has it. */
export function dialectOf({ searchParams }: URL): Dialect {
  const asked = searchParams.get("compress");
  return {
    version: Number(searchParams.get("v") ?? OLDEST_VERSION),
    encoding: searchParams.get("encoding") ?? "json",
    compression: COMPRESSIONS.find((known) => known === asked) ?? "none",
  };
}

/** Close code for a query that Discord does not serve. ETF is not simulated. */
export function refuseDialect(
  { version, encoding, compression }: Dialect,
  { searchParams }: URL,
): [code: number, reason: string] | undefined {
  if (!(version >= OLDEST_VERSION && version <= NEWEST_VERSION)) {
    return [4012, "Invalid API version."];
  }
  if (encoding !== "json") return [4002, "Unknown encoding."];
  if (searchParams.has("compress") && compression === "none") return [4002, "Unknown compression."];
  return undefined;
}
