/**
 * A Discord and a REST proxy in front of it, both on real ports. Not a test.
 *
 * @module
 */

import { systemClock } from "../../ports/clock.ts";
import { undiciClient } from "../../ports/http/undici.ts";
import { type LogFields, type LogLevel, logTo } from "../../ports/log.ts";
import { openHttpPort } from "../support/http_port.ts";
import { RestProxy, type RestProxyOptions } from "../../rest/proxy.ts";

/** The bot's token, which only the upstream may see. */
export const TOKEN = "MTIz.the-real-token.abc";

/** A request as the upstream saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
}

/** What Discord answers. */
export type Answer = (seen: Seen) => Response | Promise<Response>;

/** A server on a port of its own. */
export function listen(answer: (request: Request) => Response | Promise<Response>) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answer);
  return { server, url: `http://127.0.0.1:${server.addr.port}` };
}

/** A Discord that answers so, and a proxy in front of it. */
export async function setUp(answer: Answer, options: Partial<RestProxyOptions> = {}) {
  const seen: Seen[] = [];
  const lines: [LogLevel, string, LogFields][] = [];
  const upstream = listen(async (request) => {
    const { method, headers, signal } = request;
    const path = request.url.replace(/^http:\/\/[^/]+/, "");
    const one = { method, path, headers, body: await request.bytes(), signal };
    seen.push(one);
    return answer(one);
  });
  const target = options.upstream ?? new URL(`${upstream.url}/api`);
  const client = await undiciClient(target);
  const rest = new RestProxy({
    upstream: target,
    token: TOKEN,
    send: client.send,
    authorize: () => "bot",
    clock: systemClock,
    log: logTo((...line) => lines.push(line)),
    ...options,
  });
  const { handle } = rest;
  const proxy = await openHttpPort(handle);
  return {
    seen,
    lines,
    handle,
    snapshot: () => rest.snapshot,
    direct: upstream.url,
    proxied: proxy.url,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await client.close();
      await upstream.server.shutdown();
    },
  };
}
