/**
 * Which headers of a caller the REST proxy passes on. Pure.
 *
 * @module
 */

import { USER_AGENT } from "../protocol/discord/user_agent.ts";

/**
 * Headers that belong to one connection and not to the message
 * ([RFC 9110, 7.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1)); `proxy-*` besides.
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** The next connection's business: its own host, and how the body is framed there. */
const FRAMING: ReadonlySet<string> = new Set(["host", "content-length", "expect"]);

/** What is said to us, and not to Discord. */
const OURS = "x-gatehouse-";

/** What runtimes and their HTTP libraries call themselves: Discord blocks some of these. */
const GENERIC_AGENT =
  /^(deno|node|bun|undici|node-fetch|axios|got|python|aiohttp|go-http-client|java|okhttp|curl|wget|ruby|reqwest)\b/i;

/** Names in lower case, and values. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/**
 * The caller's headers as they go to Discord; our `User-Agent` stands in for one that is missing or
 * only names a runtime.
 *
 * @param authorization Replaces the caller's `Authorization`; `undefined` leaves it.
 */
export function requestHeaders(caller: Headers, authorization?: string): HeaderPairs {
  const pairs: [string, string][] = [];
  const named = namedBy(caller.get("connection"));
  let agent = "";
  for (const pair of caller) {
    const [name, value] = pair;
    if (name === "user-agent") agent = value;
    else if (name !== "authorization" || authorization === undefined) {
      if (!isDropped(name) && !named.has(name)) pairs.push(pair);
    }
  }
  const isGeneric = agent === "" || GENERIC_AGENT.test(agent);
  pairs.push(["user-agent", isGeneric ? USER_AGENT : agent]);
  if (authorization !== undefined) pairs.push(["authorization", authorization]);
  return pairs;
}

function isDropped(name: string): boolean {
  if (HOP_BY_HOP.has(name) || FRAMING.has(name)) return true;
  return name.startsWith("proxy-") || name.startsWith(OURS);
}

const NONE: ReadonlySet<string> = new Set();

/** The headers that `Connection` declares to be its own. */
function namedBy(connection: string | null): ReadonlySet<string> {
  if (connection === null || /^(keep-alive|close)$/i.test(connection)) return NONE;
  return new Set(connection.toLowerCase().split(",").map((name) => name.trim()));
}
