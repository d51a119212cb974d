/**
 * The one HTTP port: REST proxy, event links, control, metrics, health.
 *
 * @module
 */

import { type Context, type Hono, loadHono } from "../../deps.ts";
import { gatewayBotAnswer } from "../../downstream/frames.ts";
import { GatehouseError, messageOf } from "../../protocol/errors.ts";
import { systemClock, within } from "../../ports/clock.ts";
import { seldom } from "../../ports/log.ts";
import type { HandleRequest } from "../../ports/http_server/server.ts";
import {
  type Authorize,
  builtInOf,
  refusalOf,
  type RestVerdict,
  type UnitVerdict,
} from "../../rest/auth.ts";
import { readiness } from "../../unit/readiness.ts";
import type { Unit } from "../../unit/unit.ts";
import { problemAnswer } from "../../rest/problem.ts";
import { control } from "./control.ts";
import { doorRoute } from "./door.ts";
import { acceptConsumer, acceptLink } from "./sockets.ts";
import { STATUS } from "./status.ts";
import type { Words } from "./words.ts";
import { listen, type ListenOptions, type OpenPort, ownPlace } from "./listen.ts";
import { type PublicPlace, socketAddress } from "./public_address.ts";
import { renderText } from "./metrics/metric.ts";
import { ShardTotals } from "./metrics/shard_totals.ts";
import { PORT_METRICS } from "./metrics/port_metrics.ts";
import { renderMetrics } from "./metrics/unit_metrics.ts";

/** What the port needs. */
export interface ServerOptions extends ListenOptions {
  readonly unit: Unit;
  /** The REST proxy; it authorizes by itself, because it also passes callers with other credentials. */
  readonly rest: (request: Request) => Promise<Response>;
  /** As whom a request to `/api` acts. */
  readonly restVerdict: (request: Request) => RestVerdict;
  /** From where a socket may be opened on `/gateway`; who it is, it says later. */
  readonly authorizePlace: Authorize;
  /** Who wants to open event links, read metrics and control the unit. */
  readonly authorize: (request: Request) => UnitVerdict;
  /** Who is told why the unit is not ready. */
  readonly mayKnowWhy: (request: Request) => boolean;
  /** By which what Discord POSTs is verified. Default: it is not taken. */
  readonly publicKey?: string | null;
  /** How clients reach the port, where it is not by its own address. */
  readonly place: Omit<PublicPlace, "own">;
  /** Answers under `/dashboard`; it authorizes by itself. */
  readonly dashboard: HandleRequest;
  /** Whether `/metrics` has series of each shard. Default: it has. */
  readonly metricsPerShard?: boolean;
  /** How settings are called, where that is not by their variables. */
  readonly words?: Words;
}

/**
 * Opens the port.
 *
 * @throws {GatehouseError} `bad_config` when the address is taken or cannot be listened on.
 */
export async function serveUnit(options: ServerOptions): Promise<OpenPort> {
  const { Hono } = await loadHono();
  const place = () => ({ ...options.place, own: ownPlace(options.hostname, port.url) });
  const isBot = (request: Request) => builtInOf(options.authorize(request)) !== undefined;
  const app = routes(new Hono<PortEnv>(), control(new Hono(), options.unit, isBot), {
    ...options,
    placeNow: place,
    seats: () => port.seats,
  });
  const port = await listen(options, async (request, peer) => {
    const answer = await app.fetch(request, { peer });
    return options.words ? await options.words.ofAnswer(request, answer) : answer;
  });
  const { publicUrl } = options.place;
  options.log.info("listening", { url: port.url, ...publicUrl !== null && { publicUrl } });
  return port;
}

/** What a log line tells of a path that is refused. */
const LONGEST_PATH = 200;

/** What a route knows beside the request: the IP address of who brought it. */
type PortEnv = { readonly Bindings: { readonly peer: string } };

type Routes = ServerOptions & Pick<GatewayRoutes, "placeNow"> & {
  /** Asked once the port is open. */
  readonly seats: () => OpenPort["seats"];
};

function routes(app: Hono<PortEnv>, controls: Hono, options: Routes): Hono<PortEnv> {
  const { unit, rest, authorize, log, seats } = options;
  const isTold = seldom(systemClock);
  const totals = options.metricsPerShard === false ? new ShardTotals() : null;
  gatewayRoutes(app, options);
  doorRoute(app, {
    ...options,
    publicKey: options.publicKey ?? null,
    door: () => unit.gateway?.openDoor ?? null,
  });
  app.all("/api/*", (c) => rest(c.req.raw));
  for (const path of ["/dashboard", "/dashboard/*"]) {
    app.all(path, (c) => options.dashboard(c.req.raw, c.env.peer));
  }
  app.get("/healthz", (c) => c.text("ok\n"));
  app.get("/readyz", (c) => {
    const { ready, ...why } = readiness(unit.snapshot);
    return c.json({ ready, ...options.mayKnowWhy(c.req.raw) && why }, ready ? 200 : 503);
  });
  app.use("*", async (c, next) => {
    const verdict = authorize(c.req.raw);
    const refusal = refusalOf(verdict, c.req.path);
    if (refusal === null) return await next();
    const more = isTold();
    const path = c.req.path.slice(0, LONGEST_PATH);
    if (more !== null) {
      log.warn("request refused", { path, reason: refusal.error, ...more && { more } });
    }
    return c.json({ error: refusal.error }, refusal.status);
  });
  app.get("/metrics", (c) => {
    c.header("content-type", "text/plain; version=0.0.4; charset=utf-8");
    return c.body(renderMetrics(unit.snapshot, totals) + renderText(PORT_METRICS, seats()));
  });
  app.get("/events", (c) => {
    const links = unit.gateway?.links;
    if (!links) return c.json({ error: "the unit is still asking Discord where to connect" }, 503);
    // A built-in cluster is itself, whoever it says it is.
    return acceptLink(c.req.raw, links, builtInOf(authorize(c.req.raw)));
  });
  app.route("/control", controls);
  app.notFound((c) => c.json({ error: `there is no ${c.req.method} ${c.req.path} here` }, 404));
  app.onError((error, c) => {
    if (!(error instanceof GatehouseError)) {
      log.error("request failed", { path: c.req.path, error: messageOf(error) });
      return c.json({ error: "internal error, see the log" }, 500);
    }
    return c.json({ error: messageOf(error), code: error.code }, STATUS[error.code] ?? 500);
  });
  return app;
}

/** What the routes of the gateway for consumers need. */
type GatewayRoutes = Pick<ServerOptions, "restVerdict" | "authorizePlace" | "clock" | "words"> & {
  readonly unit: Pick<Unit, "gateway" | "opened" | "totalShards">;
  /** How clients reach us; asked once the port is open. */
  readonly placeNow: () => PublicPlace;
};

/**
 * How long a library that comes while the unit starts waits for it: where they are refused some give up their
 * session. Less than the 30 s that they wait for an answer.
 */
export const DOOR_PATIENCE_MS = 25_000;
const NOT_READY = "the unit does not serve consumers now";

/**
 * Adds what puts any library behind Gatehouse: Discord's gateway protocol at `/` and `/gateway`, and
 * `GET /api/v10/gateway[/bot]`, of any version, that leads there. The routes authorize by themselves.
 */
export function gatewayRoutes(
  app: Hono<PortEnv>,
  { unit, restVerdict, authorizePlace, placeNow, clock, words }: GatewayRoutes,
): void {
  const addressOf = (c: Context<PortEnv>) =>
    socketAddress({ request: c.req.raw, peer: c.env.peer }, placeNow());
  const consumers = async () => {
    await within(clock, DOOR_PATIENCE_MS, unit.opened);
    return unit.gateway?.openConsumers;
  };
  const answer = async (c: Context<PortEnv>, body: (url: string) => object, needsBot: boolean) => {
    const verdict = restVerdict(c.req.raw);
    if (typeof verdict === "object") return problemAnswer({ status: 401, reason: verdict.refused });
    if (needsBot && verdict !== "bot") {
      return problemAnswer({ status: 401, reason: "Authorization is missing" });
    }
    if (!await consumers()) return problemAnswer({ status: 503, reason: NOT_READY });
    return Response.json(body(addressOf(c)));
  };
  const botAnswer = (url: string) => gatewayBotAnswer(url, unit.totalShards);
  // Of every version: one that were passed on would send the library, and our secret, past us.
  for (const api of ["/api", "/api/:version{v[0-9]+}"]) {
    for (const end of ["", "/"]) {
      app.get(`${api}/gateway${end}`, (c) => answer(c, (url) => ({ url }), false));
      app.get(`${api}/gateway/bot${end}`, (c) => answer(c, botAnswer, true));
    }
  }
  const accept = async (c: Context<PortEnv>) => {
    const isAsking = c.req.raw.headers.has("upgrade");
    if (!isAsking && c.req.path === "/" && isBrowser(c.req.raw)) return c.redirect("dashboard");
    const refusal = authorizePlace(c.req.raw);
    if (refusal !== null) return Response.json({ error: refusal }, { status: 401 });
    const open = isAsking ? await consumers() : unit.gateway?.openConsumers;
    if (!open) return Response.json({ error: NOT_READY }, { status: 503 });
    return acceptConsumer(c.req.raw, open, addressOf(c), words && { words });
  };
  for (const path of ["/", "//", "/gateway", "/gateway/"]) app.get(path, accept);
}

/** Whether a person looks: who wants a socket, or JSON, does not ask for a page. */
function isBrowser({ headers }: Request): boolean {
  return /\btext\/html\b/i.test(headers.get("accept") ?? "");
}
