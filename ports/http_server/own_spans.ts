/**
 * Deno tells OpenTelemetry of each request to a server of `node:http`, with its whole address. Ours may hold the
 * token of a webhook or of an interaction, which is nobody's business, so it is kept from telling of those.
 *
 * @module
 */

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Server } from "node:http";

/** Published before anything is answered, and after the span was made. */
const BEGUN = "http.server.request.start";
/** What Deno calls the property of the answer that has the span. */
const SPAN = "kOtelSpan";

/** Keeps Deno from telling of the requests to a server; gives what ends that. Without OpenTelemetry it does nothing. */
export function untold(server: Server): () => void {
  const forget = (message: unknown) => {
    const { server: of, response } = message as { server: Server; response: object };
    if (of !== server) return;
    const key = Object.getOwnPropertySymbols(response).find((it) => it.description === SPAN);
    // What has no span when it ends is not told of.
    if (key !== undefined) Reflect.set(response, key, null);
  };
  subscribe(BEGUN, forget);
  return () => void unsubscribe(BEGUN, forget);
}
