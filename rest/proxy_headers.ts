/**
 * Which headers of a caller the REST proxy passes on. Pure.
 *
 * @module
 */

import { endToEnd } from "../ports/http/client.ts";
import { USER_AGENT } from "../protocol/discord/user_agent.ts";

/** The next connection's business: its own host, and how long the body is there. */
const FRAMING: ReadonlySet<string> = new Set(["host", "content-length"]);

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
  let agent = "";
  for (const pair of endToEnd(caller)) {
    const [name, value] = pair;
    if (name === "user-agent") agent = value;
    else if (name !== "authorization" || authorization === undefined) {
      if (!FRAMING.has(name) && !name.startsWith(OURS)) pairs.push(pair);
    }
  }
  const isGeneric = agent === "" || GENERIC_AGENT.test(agent);
  pairs.push(["user-agent", isGeneric ? USER_AGENT : agent]);
  if (authorization !== undefined) pairs.push(["authorization", authorization]);
  return pairs;
}
