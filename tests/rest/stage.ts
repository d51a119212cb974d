/**
 * A simulated Discord and our proxy in front of it, in virtual time, with a network between them. Not
 * a test.
 *
 * @module
 */

import { sleep } from "../../ports/clock.ts";
import { HttpError, type HttpRequest, type HttpSend } from "../../ports/http/client.ts";
import { type LogFields, type LogLevel, logTo } from "../../ports/log.ts";
import { type Random, seededRandom } from "../../ports/random.ts";
import { RestProxy, type RestProxyOptions } from "../../rest/proxy.ts";
import type { SimOptions } from "../../sim/world/options.ts";
import type { RestSettings } from "../../sim/rest/settings.ts";
import { restApi } from "../sim/rest/api.ts";

/** What a stage may have besides the defaults. */
export interface StageOptions {
  readonly sim?: SimOptions;
  readonly rest?: Partial<RestSettings>;
  readonly proxy?: Partial<RestProxyOptions>;
  /** Way of a request, and of its answer, ms. Default 40. */
  readonly latencyMs?: number;
  /** Up to so much more, by chance, ms. Default 0. */
  readonly jitterMs?: number;
  readonly seed?: number;
}

/** What a caller may say. */
export interface Said {
  readonly json?: unknown;
  readonly headers?: Record<string, string>;
  /** Default: the bot's. `null`: none. */
  readonly auth?: string | null;
  readonly signal?: AbortSignal;
}

/** What a caller has got, and when. */
export interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly tookMs: number;
}

/** A request as the proxy sent it. */
export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly text: string;
  readonly atMs: number;
}

/** Sets it up. */
export function stage(options: StageOptions = {}) {
  const sim = restApi(options.sim, options.rest);
  /** 429s that the ledger has, of scopes that are held against us. */
  const refused = () =>
    sim.ledger.rest.filter(({ status, scope }) => status === 429 && scope !== "shared");
  return { ...sim, ...host(sim, options), refused };
}

/** A computer before that Discord, with a proxy and a network of its own. */
export function host(
  sim: Pick<ReturnType<typeof restApi>, "clock" | "rest">,
  options: StageOptions & { readonly address?: string } = {},
) {
  const { latencyMs = 40, jitterMs = 0, seed = 1, address = "192.0.2.1" } = options;
  const { clock } = sim;
  const random: Random = seededRandom(seed);
  const sent: Sent[] = [];
  const lines: [LogLevel, string, LogFields][] = [];
  /** Set: what is sent now does not arrive. */
  const network: { broken: null | "before" | "after" } = { broken: null };
  const way = () => sleep(clock, latencyMs + random() * jitterMs);
  const send: HttpSend = (request) => untilAborted(carry(request), request.signal);
  const carry: HttpSend = async (request) => {
    const { method, path, body } = request;
    const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : "";
    sent.push({ method, path, text, atMs: clock.now() });
    if (network.broken === "before") throw new HttpError("connection refused", false);
    await way();
    request.signal.throwIfAborted();
    const answer = await sim.rest(asRequest(request), { remoteAddress: address });
    if (network.broken === "after") throw new HttpError("connection reset", true);
    await way();
    request.signal.throwIfAborted();
    return answer;
  };
  const proxy = new RestProxy({
    upstream: new URL("https://discord.com/api"),
    token: "sim-token",
    send,
    authorize: ({ headers }) => headers.get("authorization") === "Bot us" ? "bot" : "as is",
    clock,
    log: logTo((...line) => lines.push(line)),
    ...options.proxy,
  });
  const ask = async (method: string, path: string, said: Said = {}): Promise<Got> => {
    const { json, auth = "Bot us", signal } = said;
    const startedMs = clock.now();
    const headers = new Headers(said.headers);
    if (auth !== null) headers.set("authorization", auth);
    if (json !== undefined) headers.set("content-type", "application/json");
    const body = json === undefined ? undefined : JSON.stringify(json);
    if (body !== undefined) headers.set("content-length", String(body.length));
    const answer = await proxy.handle(
      new Request(`http://gate.example/api/v10${path}`, {
        method,
        headers,
        ...(body !== undefined && { body }),
        ...(signal && { signal }),
      }),
    );
    const text = await answer.text();
    const { status, headers: said_ } = answer;
    return { status, headers: said_, text, tookMs: clock.now() - startedMs };
  };
  return { proxy, ask, sent, lines, network };
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}

function asRequest({ method, path, headers, body }: HttpRequest): Request {
  return new Request(`https://discord.com${path}`, {
    method,
    headers: [...headers].map(([name, value]): [string, string] => [name, value]),
    ...(body !== null && { body }),
  });
}
