/**
 * What is answered under `/dashboard`.
 *
 * @module
 */

import { GatehouseError, messageOf } from "../protocol/errors.ts";
import type { Log } from "../ports/log.ts";
import { seldom } from "../ports/log.ts";
import type { Clock } from "../ports/clock.ts";
import { readBody } from "../ports/http/body.ts";
import { parseRecord } from "../protocol/record.ts";
import { actWords, parseAct } from "./acts.ts";
import { ASSETS, loadAsset, PAGE } from "./assets.ts";
import type { Door, Refusal } from "./door.ts";
import type { Told } from "./incidents.ts";
import type { Live } from "./live.ts";
import type { Session } from "./sessions.ts";
import { Tries } from "./tries.ts";
import type { WatchedUnit } from "./watched.ts";
import type { DashboardView, ShardHistory } from "./words.ts";

/** What the answers are made of. */
export interface RoutesOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly door: Door;
  readonly live: Live;
  /** The IP address of who has sent a request that came from `peer`, perhaps by way of a server in front. */
  readonly callerOf: (request: Request, peer: string) => string;
  /** Everything, for who begins to look. */
  readonly view: () => DashboardView;
  /** One shard's past; `null`: there is no such shard. */
  readonly shard: (key: string) => ShardHistory | null;
  readonly act: WatchedUnit["act"];
  /** A person has done something. */
  readonly tell: (told: Told) => void;
}

/** Nothing but what comes from here is loaded, and nobody shows the page inside of another. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

const SAFE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** Far above what a page of ours sends. */
const MOST_BODY_BYTES = 16 * 1024;

/** A request, the IP address of the other end of its connection, and that of who has sent it. */
interface Asked {
  readonly request: Request;
  readonly peer: string;
  readonly from: string;
}

/** Answers what is asked under `/dashboard`. */
export class Routes {
  readonly #options: RoutesOptions;
  readonly #tries: Tries;
  readonly #isTold: () => number | null;
  /** What changes something, by its path. */
  readonly #changes: Readonly<Record<string, (asked: Asked) => Response | Promise<Response>>> = {
    act: (asked) => this.#act(asked),
    login: (asked) => this.#login(asked),
    logout: (asked) => this.#logout(asked),
  };

  constructor(options: RoutesOptions) {
    this.#options = options;
    this.#tries = new Tries(options.clock);
    this.#isTold = seldom(options.clock);
  }

  /**
   * Answers a request.
   *
   * @param peer IP address of the other end of its connection.
   * @throws {GatehouseError} What the unit says to an action.
   */
  async answer(request: Request, peer: string): Promise<Response> {
    const from = this.#options.callerOf(request, peer);
    const answer = await this.#answer({ request, peer, from });
    for (const [name, value] of Object.entries(SAFE_HEADERS)) answer.headers.set(name, value);
    return answer;
  }

  async #answer(asked: Asked): Promise<Response> {
    const { request } = asked;
    const refusal = this.#options.door.placeRefusal(request);
    if (refusal) return refused(refusal);
    const path = new URL(request.url).pathname.replace(/^\/dashboard\/?/, "");
    const change = Object.hasOwn(this.#changes, path) ? this.#changes[path] : undefined;
    if (change) return request.method === "POST" ? await change(asked) : wrongMethod("POST");
    if (request.method !== "GET" && request.method !== "HEAD") return wrongMethod("GET, HEAD");
    if (path === "live") return this.#live(request);
    const [, id, total] = /^shards\/(\d{1,9})-(\d{1,9})$/.exec(path) ?? [];
    if (id !== undefined) return this.#shard(request, `${Number(id)}/${Number(total)}`);
    if (path === "") return await assetAnswer(request, PAGE);
    return ASSETS.has(path) ? await assetAnswer(request, path) : absent(path);
  }

  /** What happens, from now on. */
  #live(request: Request): Response {
    const { door, live, view } = this.#options;
    const session = door.sessionOf(request);
    if (!session) return refused(NO_SESSION);
    const hello = { csrf: session.csrf, needsLogin: door.needsLogin };
    // Of an answer to HEAD nobody reads the body, or says that he will not: he would look for ever.
    const isAsked = request.method === "GET";
    return new Response(isAsked ? live.watch(() => door.holds(session), hello, view) : null, {
      headers: {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store",
        // nginx would keep it until it has enough.
        "x-accel-buffering": "no",
      },
    });
  }

  #shard(request: Request, key: string): Response {
    if (!this.#options.door.sessionOf(request)) return refused(NO_SESSION);
    const history = this.#options.shard(key);
    return history ? fresh(history) : absent(`shard ${key}`);
  }

  async #login({ request, peer, from }: Asked): Promise<Response> {
    const { door, log } = this.#options;
    const refusal = door.originRefusal(request, peer);
    if (refusal) return refused(refusal);
    if (!door.needsLogin) return fresh({ ok: true });
    const { secret } = await fieldsOf(request);
    // From here on nothing waits: a thousand guesses at a time are as many as one after another.
    const waitMs = this.#tries.waitMs(from);
    if (waitMs > 0) return tooSoon(waitMs);
    const entered = typeof secret === "string" ? door.login(secret, request, peer) : null;
    if (!entered) {
      this.#tries.failed(from);
      const more = this.#isTold();
      if (more !== null) log.warn("dashboard login refused", { from, ...more && { more } });
      return refused({ status: 401, error: "That is not this unit's REST_AUTHORIZATION" });
    }
    log.info("dashboard login", { from, session: entered.session.name });
    return fresh({ ok: true }, { "set-cookie": entered.cookie });
  }

  #logout(asked: Asked): Response {
    const { door, log, live } = this.#options;
    const session = this.#entitled(asked);
    if ("error" in session) return refused(session);
    if (!door.needsLogin) return fresh({ ok: true });
    const { request, peer, from } = asked;
    const cookie = door.logout(session, request, peer);
    live.endOver();
    log.info("dashboard logout", { from, session: session.name });
    return fresh({ ok: true }, { "set-cookie": cookie });
  }

  async #act(asked: Asked): Promise<Response> {
    const { log, act, tell } = this.#options;
    const session = this.#entitled(asked);
    if ("error" in session) return refused(session);
    const wanted = parseAct(await fieldsOf(asked.request));
    const about = { ...wanted, from: asked.from, by: session.name };
    const words = actWords(wanted);
    log.info("dashboard action", about);
    tell(words);
    try {
      await act(wanted);
      return fresh({ ok: true });
    } catch (error) {
      const why = messageOf(error);
      log.warn("dashboard action failed", { ...about, error: why });
      tell({ ...words, level: "warn", text: `${words.text}, which failed: ${why}` });
      throw error;
    }
  }

  /** The session by which somebody may change something, or why nobody may. */
  #entitled({ request, peer }: Asked): Session | Refusal {
    const { door } = this.#options;
    const session = door.sessionOf(request);
    if (!session) return NO_SESSION;
    return door.originRefusal(request, peer) ?? door.tokenRefusal(request, session) ?? session;
  }
}

const NO_SESSION: Refusal = { status: 401, error: "Nobody is logged in" };

/** An answer that is of this moment. */
function fresh(value: object, headers: Record<string, string> = {}, status = 200): Response {
  return Response.json(value, { status, headers: { "cache-control": "no-store", ...headers } });
}

function refused({ status, error }: Refusal): Response {
  return fresh({ error }, {}, status);
}

function absent(what: string): Response {
  return fresh({ error: `there is no ${what.slice(0, 100)} here` }, {}, 404);
}

function wrongMethod(allow: string): Response {
  return fresh({ error: `this takes ${allow}` }, { allow }, 405);
}

function tooSoon(waitMs: number): Response {
  const seconds = Math.ceil(waitMs / 1000);
  const error = `Too many wrong secrets came from there: try again in ${seconds} s`;
  return fresh({ error }, { "retry-after": String(seconds) }, 429);
}

/** A file of the page's; a browser that has it gets no other. */
async function assetAnswer({ headers }: Request, path: string): Promise<Response> {
  const { text, type, etag } = await loadAsset(path);
  const common = { etag, "cache-control": "no-cache" };
  if (headers.get("if-none-match") === etag) {
    return new Response(null, { status: 304, headers: common });
  }
  return new Response(text, { headers: { ...common, "content-type": type } });
}

/**
 * The fields of a body of JSON.
 *
 * @throws {GatehouseError} `too_large`.
 */
async function fieldsOf({ body }: Request): Promise<Record<string, unknown>> {
  const bytes = await readBody(body, MOST_BODY_BYTES);
  if (bytes !== null) return parseRecord(new TextDecoder().decode(bytes));
  const text = `Cannot read the body: it has more than ${MOST_BODY_BYTES} bytes`;
  throw new GatehouseError("too_large", "caller", text);
}
