/**
 * Discord for the benchmark of REST, in a process of its own: it answers every request at once, over
 * http and over https, and its limits are never met.
 *
 * The port of https speaks three ways. Whoever begins with TLS gets it. Whoever begins with `CONNECT`
 * takes us for an HTTP proxy, and whatever host it asks for is us: so a program that knows no other
 * address than discord.com ends here. Both go through the same relay, so that its hop is in every
 * latency alike.
 *
 * @module
 */

import { answerQuestions } from "../program.ts";

/** Starts it; answered with its {@linkcode Upstream}. */
export interface UpstreamQuestion {
  /** Whether answers tell of rate limits. */
  readonly limits: boolean;
}

/** Where it is: on 127.0.0.1. */
export interface Upstream {
  readonly httpPort: number;
  /** https, and CONNECT. */
  readonly httpsPort: number;
}

/** Who the bot is, for what asks `/users/@me`. */
export const BOT_ID = "102345678901234567";
/** Certificate and key of https. */
export const CERTIFICATE = new URL("./certificate.pem", import.meta.url);

const HOSTNAME = "127.0.0.1";
/** Longest head of a CONNECT that we read. */
const CONNECT_BYTES = 4096;
/** What the relay moves at once. */
const RELAY_BYTES = 32 * 1024;

const decoder = new TextDecoder();
const CONNECTED = new TextEncoder().encode("HTTP/1.1 200 Connection Established\r\n\r\n");

const MESSAGE = JSON.stringify({
  id: "112345678901234567",
  type: 0,
  channel_id: "122345678901234567",
  content: "An answer as long as Discord's usual one, of some five hundred bytes.",
  author: { id: BOT_ID, username: "bench", discriminator: "0000", avatar: null, bot: true },
  attachments: [],
  embeds: [],
  mentions: [],
  mention_roles: [],
  pinned: false,
  mention_everyone: false,
  tts: false,
  timestamp: "2026-11-22T10:11:12.131000+00:00",
  edited_timestamp: null,
  flags: 0,
  components: [],
});
const USER = JSON.stringify({ id: BOT_ID, username: "bench", discriminator: "0000", bot: true });
const GATEWAY = JSON.stringify({
  url: "wss://127.0.0.1",
  shards: 1,
  session_start_limit: { total: 1000, remaining: 1000, reset_after: 1, max_concurrency: 1 },
});

function serve({ limits }: UpstreamQuestion): Upstream {
  const pem = Deno.readTextFileSync(CERTIFICATE);
  const http = Deno.serve(
    { hostname: HOSTNAME, port: 0, onListen() {} },
    (request) => answer(request, limits),
  );
  // `Deno.serve` with a certificate writes head and body one by one with Nagle's delay on, which
  // costs every answer 40 ms. So we undo TLS ourselves, and the server sees plain HTTP.
  const tls = Deno.listenTls({
    hostname: HOSTNAME,
    port: 0,
    cert: pem,
    key: pem,
    alpnProtocols: ["h2", "http/1.1"],
  });
  const front = Deno.listen({ hostname: HOSTNAME, port: 0 });
  acceptAll(tls, (caller) => relay(caller, http.addr.port));
  acceptAll(front, (caller) => relayOrConnect(caller, tls.addr.port));
  return { httpPort: http.addr.port, httpsPort: front.addr.port };
}

async function answer(request: Request, limits: boolean): Promise<Response> {
  if (request.body) await request.bytes();
  const { pathname } = new URL(request.url);
  const headers = new Headers({ "content-type": "application/json" });
  if (pathname.endsWith("/users/@me")) return new Response(USER, { headers });
  if (pathname.endsWith("/gateway/bot")) return new Response(GATEWAY, { headers });
  if (limits) {
    headers.set("x-ratelimit-bucket", request.method === "GET" ? "b1f0ae25" : "80c17d2f");
    headers.set("x-ratelimit-limit", "1000000");
    headers.set("x-ratelimit-remaining", "999999");
    headers.set("x-ratelimit-reset", String(Date.now() / 1000 + 1));
    headers.set("x-ratelimit-reset-after", "1");
  }
  return new Response(MESSAGE, { headers });
}

async function acceptAll<Conn extends Deno.TcpConn | Deno.TlsConn>(
  listener: AsyncIterable<Conn>,
  accept: (caller: Conn) => Promise<void>,
): Promise<void> {
  for await (const caller of listener) {
    // Either end may hang up at any time, which concerns nobody else.
    accept(caller).catch(() => {});
  }
}

async function relayOrConnect(caller: Deno.TcpConn, port: number): Promise<void> {
  caller.setNoDelay();
  const bytes = new Uint8Array(CONNECT_BYTES);
  const first = bytes.subarray(0, await caller.read(bytes) ?? 0);
  // The head of a CONNECT is short and comes alone: its sender waits for our answer.
  if (decoder.decode(first.subarray(0, 8)) !== "CONNECT ") return await relay(caller, port, first);
  await writeAll(caller, CONNECTED);
  await relay(caller, port);
}

async function relay(caller: Deno.Conn, port: number, first = new Uint8Array()): Promise<void> {
  const server = await Deno.connect({ hostname: HOSTNAME, port });
  server.setNoDelay();
  await writeAll(server, first);
  await Promise.race([pump(caller, server), pump(server, caller)]);
  for (const end of [caller, server]) end.close();
}

/** Until the one has ended: a loop of our own costs half of what streams would. */
async function pump(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const bytes = new Uint8Array(RELAY_BYTES);
  for (let length; (length = await from.read(bytes)) !== null;) {
    await writeAll(to, bytes.subarray(0, length));
  }
}

async function writeAll(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await to.write(bytes.subarray(sent));
}

if (import.meta.main) await answerQuestions(serve);
