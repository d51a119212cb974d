/**
 * The dashboard's routes before a {@linkcode World}: what the page needs of a unit, on a port of this machine.
 * Not a test.
 *
 * @module
 */

import { extname } from "node:path";
import type { DashboardAct, DashboardChange } from "../../../dashboard/words.ts";
import { systemClock } from "../../../ports/clock.ts";
import type { World } from "./world.ts";

/** What may not be done on the page: the unit sends the same. */
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

const FOLDER = new URL("../../../dashboard/", import.meta.url);
const TOKEN = "token-of-the-page";
const COOKIE = "gatehouse=session";

/** A server; disposing it closes all. */
export interface DashboardServer extends AsyncDisposable {
  /** `http://127.0.0.1:port/dashboard`. */
  readonly url: string;
  /** Tells every open page. */
  send(change: DashboardChange): void;
  /** Ends every open page's connection, and while `isDown` takes no new one. */
  cut(isDown: boolean): void;
  /** How many pages are connected. */
  readonly pages: number;
}

/** How it behaves. */
export interface DashboardServerOptions {
  /** Asked for at the login; default: no login is needed. */
  readonly secret?: string;
  /** Lets a second of the world pass each `tickMs`; default: a test does. */
  readonly tickMs?: number;
  readonly port?: number;
}

/** Opens one. */
export function serveDashboard(
  world: World,
  { secret, tickMs, port = 0 }: DashboardServerOptions = {},
): DashboardServer {
  const streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const encoder = new TextEncoder();
  let isDown = false;

  function send(change: DashboardChange): void {
    for (const stream of streams) stream.enqueue(event("change", change));
  }

  function event(name: string, data: unknown): Uint8Array {
    return encoder.encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  function live(): Response {
    if (isDown) return Response.json({ error: "the unit stops" }, { status: 503 });
    let mine: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start(stream) {
        mine = stream;
        streams.add(stream);
        stream.enqueue(event("hello", { csrf: TOKEN, needsLogin: secret !== undefined }));
        stream.enqueue(event("view", world.view));
      },
      cancel: () => void streams.delete(mine),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }

  async function asked(request: Request, path: string): Promise<Response> {
    const isIn = secret === undefined || request.headers.get("cookie")?.includes(COOKIE);
    if (path === "/login") {
      const { secret: given } = await request.json();
      return given === secret
        ? Response.json({ ok: true }, {
          headers: { "set-cookie": `${COOKIE}; HttpOnly; SameSite=Strict; Path=/dashboard` },
        })
        : Response.json({ error: "That is not the secret" }, { status: 401 });
    }
    if (!isIn) return Response.json({ error: "log in first" }, { status: 401 });
    if (path === "/live") return live();
    if (path === "/logout") {
      return Response.json({ ok: true }, {
        headers: { "set-cookie": `${COOKIE}; Max-Age=0; Path=/dashboard` },
      });
    }
    if (path === "/act") {
      if (request.headers.get("x-gatehouse-dashboard") !== TOKEN) {
        return Response.json({ error: "the token is missing" }, { status: 403 });
      }
      const { error } = world.act(await request.json() as DashboardAct);
      return error ? Response.json({ error }, { status: 400 }) : Response.json({ ok: true });
    }
    const [, id, total] = /^\/shards\/(\d+)-(\d+)$/.exec(path) ?? [];
    const history = world.history(`${id}/${total}`);
    return history
      ? Response.json(history)
      : Response.json({ error: `there is no ${path}` }, { status: 404 });
  }

  async function handle(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const path = pathname.replace(/^\/dashboard/, "");
    if (!/^(\/page\/|\/vendor\/|$)/.test(path)) return await asked(request, path);
    const file = path === "" ? "page/index.html" : path.slice(1);
    const headers = { "content-type": TYPES[extname(file)]!, "content-security-policy": CSP };
    return new Response(await Deno.readFile(new URL(file, FOLDER)), { headers });
  }

  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, handle);
  let stopTicking = () => {};
  function tickLater(everyMs: number): void {
    stopTicking = systemClock.after(everyMs, () => {
      send(world.tick(systemClock.epochMs()));
      tickLater(everyMs);
    });
  }
  if (tickMs !== undefined) tickLater(tickMs);
  function cut(down: boolean): void {
    isDown = down;
    for (const stream of streams) stream.close();
    streams.clear();
  }
  return {
    url: `http://127.0.0.1:${server.addr.port}/dashboard`,
    send,
    cut,
    get pages() {
      return streams.size;
    },
    async [Symbol.asyncDispose]() {
      stopTicking();
      cut(true);
      await server.shutdown();
    },
  };
}
