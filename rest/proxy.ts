/**
 * The REST proxy: what comes in under `/api` goes to Discord as it is, when it may, and the answer
 * comes back as it is. The bot's token takes the place of the caller's credential where the caller has
 * shown ours.
 *
 * @module
 */

import type { TellSpan } from "../ports/telemetry/telemetry.ts";
import type { RestSnapshot } from "../protocol/status.ts";
import { readBody } from "../ports/http/body.ts";
import type { Clock } from "../ports/clock.ts";
import type { HttpSend } from "../ports/http/client.ts";
import { type Log, seldom } from "../ports/log.ts";
import { MISSING, type RestVerdict } from "./auth.ts";
import { Credentials } from "./limits/limits.ts";
import { DeadEnds } from "./dead_ends.ts";
import { Delivery, type Parcel } from "./delivery.ts";
import { INVALID_LIMIT, InvalidFuse } from "./invalid_fuse.ts";
import { type CountedPermits, laneOf, PRIORITY_HEADER } from "./limits/permits.ts";
import { PER_SECOND } from "./limits/global_pace.ts";
import { Meter, metered } from "./limits/meter.ts";
import { type Problem, problemAnswer } from "./problem.ts";
import { requestHeaders } from "./proxy_headers.ts";
import { requestBody } from "./request_body.ts";
import { restSpan } from "./rest_span.ts";
import { routeOf } from "./route.ts";
import { isForStrangers, Strangers } from "./strangers.ts";

/** What the proxy needs. */
export interface RestProxyOptions {
  /** Discord's API without a version: `https://discord.com/api`. */
  readonly upstream: URL;
  /** The bot's token, without `Bot `; `null` where every caller brings its own credential. */
  readonly token: string | null;
  /** Sends to the upstream's host. */
  readonly send: HttpSend;
  /** As whom a request acts. */
  readonly authorize: (request: Request) => RestVerdict;
  readonly clock: Clock;
  readonly log: Log;
  /** Requests per second of each credential; asked with each request. Default 50. */
  readonly perSecond?: () => number;
  /** Who gives permits. Default: limits that are kept here, at `perSecond`. */
  readonly permits?: CountedPermits;
  /** How long a request waits for its limits at most. Default 60,000. */
  readonly patienceMs?: number;
  /** Time for the head of an answer. Default 30,000. */
  readonly answerMs?: number;
  /** Told of each request when it is over. Default: nobody. */
  readonly span?: TellSpan;
  /** Invalid requests in ten minutes that lead to a ban. Default 10,000. */
  readonly invalidLimit?: number;
}

/** What we ask of Discord ourselves. */
export interface OwnRequest {
  /** Default `GET`. */
  readonly method?: string;
  /** Sent as JSON. Default: no body. */
  readonly json?: unknown;
  /** Shows the bot's token, or none. Default `bot`. */
  readonly as?: "bot" | "nobody";
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/**
 * Asks Discord, by a path below the version. It waits for its turn, and counts, like what a caller asks:
 * so nothing of ours goes round the limits. Never throws; an answer that is not Discord's has
 * `x-gatehouse-error`. It is here whole, 8 MiB at most; where that is not so in the time for an answer,
 * to read it fails.
 */
export type AskDiscord = (path: string, request?: OwnRequest) => Promise<Response>;

/** How long a request waits for its limits at most, where nothing else is said. */
export const PATIENCE_MS = 60_000;
/** Time for the head of an answer, where nothing else is said. */
export const ANSWER_MS = 30_000;
/** Far above what Discord answers to anything that we ask ourselves. */
const MOST_OWN_BYTES = 8 * 1024 * 1024;

/**
 * A proxy for requests under `/api`. Method, path, query, headers, body and answer pass unchanged,
 * except what belongs to one connection only (see `proxy_headers.ts`).
 *
 * Answers of its own are in the shape of Discord's errors, with `x-gatehouse-error` that says why: 401
 * refused, 404 not under `/api`, 408 the body did not come, 429 too early, 502 Discord could not be
 * reached, 504 no answer in time. The token is in none of them and in no line of the log.
 *
 * See [Discord Docs/API Reference](https://discord.com/developers/docs/reference).
 */
export class RestProxy {
  readonly #options: RestProxyOptions;
  readonly #base: string;
  readonly #permits: CountedPermits;
  readonly #fuse: InvalidFuse;
  readonly #deadEnds = new DeadEnds();
  readonly #delivery: Delivery;
  readonly #strangers: Strangers;
  readonly #meter = new Meter();
  readonly #isToldOfRefusal: () => number | null;

  constructor(options: RestProxyOptions) {
    const { upstream, clock, perSecond = () => PER_SECOND } = options;
    this.#options = options;
    this.#isToldOfRefusal = seldom(clock);
    this.#base = upstream.pathname.replace(/\/$/, "");
    const { invalidLimit = INVALID_LIMIT } = options;
    this.#fuse = new InvalidFuse(invalidLimit);
    this.#permits = options.permits ?? new Credentials({ clock, perSecond });
    const shared = {
      ...options,
      patienceMs: options.patienceMs ?? PATIENCE_MS,
      answerMs: options.answerMs ?? ANSWER_MS,
    };
    const permitsOf = (isStranger: boolean) =>
      metered(this.#permits, (route) => this.#meter.waits(route, isStranger));
    this.#delivery = new Delivery({
      ...shared,
      permits: permitsOf(false),
      fuse: this.#fuse,
      deadEnds: this.#deadEnds,
      retriesRefusals: true,
    });
    this.#strangers = new Strangers({ ...shared, permits: permitsOf(true), invalidLimit });
  }

  /** What waits, and what was done so far. */
  get snapshot(): RestSnapshot {
    const nowMs = this.#options.clock.now();
    return {
      ...this.#permits.snapshot,
      deadEnds: this.#deadEnds.size,
      invalid: this.#fuse.invalid(nowMs),
      strangersInvalid: this.#strangers.invalid(nowMs),
      fuse: this.#delivery.fuse(nowMs),
      routes: this.#meter.routes,
      lanes: this.#meter.lanes,
    };
  }

  /** Answers one request. */
  readonly handle = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    if (!pathname.startsWith("/api/")) {
      return problemAnswer({ status: 404, reason: "the path is not under /api" });
    }
    const { authorize, log } = this.#options;
    const { method } = request;
    const path = pathname.slice("/api".length);
    const verdict = authorize(request);
    const reason = refusalOf(verdict, method, path);
    if (typeof verdict === "object" || reason !== null) {
      const more = this.#isToldOfRefusal();
      if (more !== null) log.warn("rest request refused", { method, reason, ...more && { more } });
      return problemAnswer({ status: 401, reason: reason! });
    }
    return await this.#pass(request, path + search, verdict);
  };

  /** See {@linkcode AskDiscord}. */
  readonly ask: AskDiscord = async (path, { method = "GET", json, as = "bot", signal } = {}) => {
    const late = new AbortController();
    const body = json === undefined ? null : new TextEncoder().encode(JSON.stringify(json));
    const headers = body && {
      "content-type": "application/json",
      "content-length": String(body.length),
    };
    const request = new Request("http://unit.local/", {
      method,
      body,
      headers: headers ?? {},
      signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
    });
    return await this.#whole(
      await this.#pass(request, `/v10${path}`, as === "bot" ? "bot" : "as is"),
      late,
    );
  };

  /** An answer that has all come, within the time and size that one of Discord's has. */
  async #whole({ body, status, headers }: Response, late: AbortController): Promise<Response> {
    const { clock, answerMs = ANSWER_MS } = this.#options;
    const inTime = new Error(`the answer is not whole after ${answerMs} ms`);
    const cancel = clock.after(answerMs, () => late.abort(inTime));
    const whole = await readBody(body, MOST_OWN_BYTES).catch((error: unknown) => failing(error));
    cancel();
    const tooLong = () => failing(new Error(`the answer has more than ${MOST_OWN_BYTES} bytes`));
    // An answer without a body must have none, not even an empty one.
    const isNone = whole instanceof Uint8Array && whole.length === 0;
    return new Response(isNone ? null : whole ?? tooLong(), { status, headers });
  }

  async #pass(request: Request, target: string, who: Caller): Promise<Response> {
    const { clock, span } = this.#options;
    const askedMs = clock.now();
    const parcel = this.#parcel(request, target, who);
    const isStranger = who === "stranger";
    const delivered = await (isStranger ? this.#strangers : this.#delivery).deliver(parcel);
    this.#meter.count(delivered, isStranger);
    span?.(restSpan({
      delivered,
      traceParent: request.headers.get("traceparent"),
      tookMs: clock.now() - askedMs,
      endedMs: clock.wallMs(),
    }));
    const { result } = delivered;
    if (result instanceof Response) {
      // Names other addresses of Discord's; the caller would take them for ours.
      result.headers.delete("alt-svc");
      return result;
    }
    const problem = { ...result, reason: this.#withoutToken(result.reason) };
    this.#tell(parcel, problem);
    return problemAnswer(problem);
  }

  #parcel(request: Request, target: string, who: Caller): Parcel {
    const { token } = this.#options;
    const { method, headers, signal } = request;
    const path = target.split("?", 1)[0]!;
    const route = routeOf(method, path);
    const authorization = who === "bot" && token !== null ? `Bot ${token}` : undefined;
    return {
      method,
      route,
      // Of strangers, what a person may be waiting for goes as it would; the rest comes last.
      lane: laneOf(route, who === "stranger" ? LAST : headers),
      version: versionOf(path),
      path: this.#base + target,
      headers: requestHeaders(headers, authorization),
      credential: authorization ?? headers.get("authorization") ?? "",
      contentType: headers.get("content-type"),
      body: requestBody(request),
      signal,
    };
  }

  #withoutToken(text: string): string {
    const { token } = this.#options;
    return token === null ? text : text.replaceAll(token, "…");
  }

  /** The path is not told: it may hold the token of a webhook. */
  #tell({ route: { method, template } }: Parcel, { status, reason }: Problem): void {
    const { log } = this.#options;
    const fields = { method, route: template, reason };
    if (status === 502) log.warn("discord cannot be reached", fields);
    else if (status === 504) log.warn("discord did not answer in time", fields);
    else log.debug("rest request was answered by the proxy", { ...fields, status });
  }
}

/** A body that cannot be read. */
function failing(error: unknown): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({ start: (controller) => controller.error(error) });
}

/** Who is let in. */
type Caller = Exclude<RestVerdict, object>;

const LAST = new Headers({ [PRIORITY_HEADER]: "low" });

/** Why a request is refused; `null` where it is not. */
function refusalOf(verdict: RestVerdict, method: string, path: string): string | null {
  if (typeof verdict === "object") return verdict.refused;
  if (verdict !== "stranger" || isForStrangers(routeOf(method, path))) return null;
  return MISSING;
}

/** API version of a path such as `/v10/x`; 6 where it names none, which is Discord's default. */
function versionOf(path: string): number {
  return Number(/^\/v(\d{1,3})\//.exec(path)?.[1] ?? 6);
}
