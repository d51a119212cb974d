/**
 * The REST half of the simulator: Discord's HTTP API as far as a sharder, a proxy and a bot need it,
 * with its rate limits, its errors and, on demand, its failures. It listens on nothing; a server or
 * a test hands it requests.
 * See [Discord Docs/API Reference](https://discord.com/developers/docs/reference).
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { Ledger, RestEntry } from "../world/ledger.ts";
import { readForm } from "./body.ts";
import { botRoutes } from "./routes/bot.ts";
import type { Backend, Reply } from "./call.ts";
import { channelRoutes } from "./routes/channels.ts";
import { RestError } from "./error.ts";
import { createRestFaults, type RestFault, type RestFaults } from "./faults.ts";
import { guildRoutes } from "./routes/guilds.ts";
import { interactionRoutes } from "./routes/interactions.ts";
import { createInteractions, type InteractionEvent } from "./interactions.ts";
import { createInvalidRequests, type InvalidRequests } from "./invalid.ts";
import { Limiter } from "./limiter.ts";
import { messageRoutes } from "./routes/messages.ts";
import { createMessages } from "./messages.ts";
import { reactionRoutes } from "./routes/reactions.ts";
import { checkAgent, identify, readAddress, readReason } from "./request.ts";
import { respond, tooManyReply } from "./response.ts";
import { isInteraction, limitsOf, matchRoute, type Route } from "./route.ts";
import { type RestSettings, restSettings } from "./settings.ts";
import { webhookRoutes } from "./routes/webhooks.ts";
import type { World } from "../world/world.ts";

/** Answers requests under `/api`; what may be changed while it does is beside it. */
export interface Rest {
  (request: Request, info: { readonly remoteAddress: string }): Promise<Response>;
  readonly settings: RestSettings;
  /** An interaction goes out by HTTP instead of the gateway: it can be answered from now on. */
  readonly hear: (interaction: InteractionEvent) => void;
  /** Limits: change one, change a hash, let others use up a resource. */
  readonly limiter: Limiter;
  readonly faults: RestFaults;
  readonly invalid: InvalidRequests;
}

/** What the REST half needs. */
export interface RestOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly world: World;
  readonly ledger: Ledger;
  readonly options?: Partial<RestSettings>;
}

/**
 * The REST half of a world. Every request goes into the ledger; a 429 that the headers had announced,
 * and a ban, are violations of rule `rest`.
 */
export function createRest({ clock, random, world, ledger, options }: RestOptions): Rest {
  const settings = restSettings(options);
  const backend: Backend = {
    clock,
    world,
    messages: createMessages({ clock, world }),
    interactions: createInteractions({ clock, world, settings }),
    pins: new Map(),
    webhooks: new Map(),
    commands: new Map(),
  };
  const limiter = new Limiter(clock, world.settings);
  const faults = createRestFaults({ random, clock, ledger });
  const invalid = createInvalidRequests(clock, settings);
  const desk: Desk = { backend, settings, limiter, faults, invalid, ledger };
  const rest = (request: Request, info: { readonly remoteAddress: string }) =>
    serve(desk, request, info.remoteAddress);
  const { hear } = backend.interactions;
  return Object.assign(rest, { settings, hear, limiter, faults, invalid });
}

/** Every endpoint. */
export const ROUTES: readonly Route[] = [
  ...botRoutes,
  ...channelRoutes,
  ...messageRoutes,
  ...reactionRoutes,
  ...guildRoutes,
  ...webhookRoutes,
  ...interactionRoutes,
];

/** Everything that a request passes on its way. */
interface Desk {
  readonly backend: Backend;
  readonly settings: RestSettings;
  readonly limiter: Limiter;
  readonly faults: RestFaults;
  readonly invalid: InvalidRequests;
  readonly ledger: Ledger;
}

/** What is known of a request so far. */
interface Visit {
  readonly request: Request;
  readonly address: string;
  route: string;
  faults: readonly RestFault[];
  /** The rate-limit headers of the answer. */
  headers: Readonly<Record<string, string>>;
  /** True for a 429 that the headers of earlier answers had announced. */
  announced: boolean;
  /** The webhook in the path. */
  webhookId: string | undefined;
  /** Discord's error code, where the endpoint refused. */
  code: number | undefined;
}

async function serve(desk: Desk, request: Request, address: string): Promise<Response> {
  const { clock } = desk.backend;
  const visit: Visit = {
    request,
    address,
    route: "unknown",
    faults: [],
    headers: {},
    announced: false,
    webhookId: undefined,
    code: undefined,
  };
  const ban = desk.invalid.ban(address);
  if (ban) {
    record(desk, visit, ban);
    return respond(clock, ban);
  }
  const reply = await decide(desk, visit);
  const isDiscords = !visit.faults.some(({ by }) => by === "cloudflare");
  const headers = { ...(isDiscords && { Via: "1.1 google" }), ...visit.headers, ...reply.headers };
  const answer = { ...reply, headers };
  const scope = record(desk, visit, answer);
  judge(desk, visit, answer.status, scope);
  return respond(clock, answer, visit.faults);
}

async function decide(desk: Desk, visit: Visit): Promise<Reply> {
  try {
    return await pass(desk, visit);
  } catch (error) {
    if (!(error instanceof RestError)) throw error;
    visit.code = error.code;
    return { status: error.status, json: error.body };
  }
}

/** The request's way through: route, faults, credential, body, limits, endpoint. */
async function pass({ backend, settings, limiter, faults }: Desk, visit: Visit): Promise<Reply> {
  const { request, address } = visit;
  const { version, path, query } = readAddress(request.url);
  const match = matchRoute(ROUTES, request.method, path);
  const { route, params } = match;
  visit.route = route.template;
  visit.webhookId = params.webhook_id;
  visit.faults = faults.strike(request.method, route.template);
  const fault = visit.faults.find((each) => each.kind === "answer");
  if (fault && !fault.acts) return fault.reply;

  checkAgent(request, settings);
  const credential = identify(request, route.auth, settings, backend.world);
  const form = await readForm(request, settings);
  const call = { ...backend, params, query, form, reason: readReason(request) };
  const { headers, tooMany } = limiter.ask({
    identity: credential ?? `address ${address}`,
    limits: limitsOf(match, call),
    exempt: isInteraction(match, backend.world.application.id),
  });
  visit.headers = headers;
  if (tooMany) {
    visit.announced = !tooMany.hidden;
    return tooManyReply(tooMany, headers, version);
  }
  const reply = await route.answer(call);
  if (!fault) return reply;
  visit.headers = {};
  return fault.reply;
}

function record({ backend, ledger }: Desk, visit: Visit, reply: Reply): RestEntry["scope"] {
  const scope = (reply.headers?.["X-RateLimit-Scope"] ?? null) as RestEntry["scope"];
  ledger.add(ledger.rest, {
    method: visit.request.method,
    route: visit.route,
    status: reply.status,
    scope,
    remoteAddress: visit.address,
    atMs: backend.clock.now(),
  });
  return scope;
}

const UNKNOWN_WEBHOOK = 10015;

/** Holds against the client what Discord would. */
function judge(desk: Desk, visit: Visit, status: number, scope: RestEntry["scope"]): void {
  const { invalid, ledger } = desk;
  const { address, route, webhookId, request } = visit;
  if (visit.announced) ledger.violate("rest", `429 of scope ${scope}: ${request.method} ${route}`);
  const isInvalid = status === 401 || status === 403 || (status === 429 && scope !== "shared") ||
    (visit.code === UNKNOWN_WEBHOOK && invalid.wasTold(address, webhookId ?? ""));
  if (isInvalid && invalid.count(address)) {
    ledger.violate("rest", `address banned after too many invalid requests: ${address}`);
  }
}
