/**
 * What puts any library behind Gatehouse: Discord's gateway protocol at `/` and `/gateway`, and
 * `GET /api/v10/gateway[/bot]` that leads there.
 *
 * @module
 */

import type { Hono } from "../../deps.ts";
import { gatewayAnswer, gatewayBotAnswer } from "../../downstream/info.ts";
import type { Authorize, RestVerdict } from "../../rest/auth.ts";
import { problemAnswer } from "../../rest/problem.ts";
import type { Consumers } from "../../unit/consumers/consumers.ts";
import { acceptConsumer } from "./sockets.ts";

/** What the routes need. */
export interface GatewayRoutesOptions {
  /** `null` until Discord has said how many shards there are, and when the unit stops. */
  readonly consumers: () => Consumers | null;
  readonly totalShards: () => number;
  /** As whom a request to `/api` acts. */
  readonly restVerdict: (request: Request) => RestVerdict;
  /** Whether a request may come from where it comes from; who it is, IDENTIFY tells. */
  readonly authorizePlace: Authorize;
}

const NOT_READY = "the unit does not serve consumers now";

/** Adds the routes, which authorize by themselves. */
export function gatewayRoutes(app: Hono, options: GatewayRoutesOptions): void {
  const { consumers, totalShards, restVerdict, authorizePlace } = options;
  const answer = (request: Request, body: (url: string) => object, needsBot: boolean) => {
    const verdict = restVerdict(request);
    if (typeof verdict === "object") return problemAnswer({ status: 401, reason: verdict.refused });
    if (needsBot && verdict !== "bot") {
      return problemAnswer({ status: 401, reason: "Authorization is missing" });
    }
    if (!consumers()) return problemAnswer({ status: 503, reason: NOT_READY });
    return Response.json(body(addressOf(request)));
  };
  app.get(
    "/api/:version{v(9|10)}/gateway",
    (c) => answer(c.req.raw, gatewayAnswer, false),
  );
  app.get(
    "/api/:version{v(9|10)}/gateway/bot",
    (c) => answer(c.req.raw, (url) => gatewayBotAnswer(url, totalShards()), true),
  );
  const accept = (request: Request) => {
    const refusal = authorizePlace(request);
    if (refusal !== null) return Response.json({ error: refusal }, { status: 401 });
    const open = consumers();
    if (!open) return Response.json({ error: NOT_READY }, { status: 503 });
    return acceptConsumer(request, open, addressOf(request));
  };
  app.get("/", (c) => accept(c.req.raw));
  app.get("/gateway", (c) => accept(c.req.raw));
}

/** Our WebSocket address as this caller reaches us. */
function addressOf(request: Request): string {
  return `ws://${request.headers.get("host") ?? new URL(request.url).host}/`;
}
