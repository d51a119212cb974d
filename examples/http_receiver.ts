/**
 * A bot that gets its events by POST, as a plain fetch handler without a line of ours: docs/events-over-http.md at
 * work. Prints `shard cursor name` for every event, each once.
 *
 * ```sh
 * EVENT_HANDLER_SECRET_KEY=… deno serve --port 8788 --allow-env=EVENT_HANDLER_SECRET_KEY examples/http_receiver.ts
 * ```
 *
 * and the unit with `EVENT_HANDLER_URL=http://127.0.0.1:8788/` and the same `EVENT_HANDLER_SECRET_KEY`.
 *
 * @module
 */

// deno-lint-ignore-file gatehouse-ports/ports-only -- it has no Clock: it imports nothing

/** One event of a body. */
export interface PostedEvent {
  readonly shardId: number;
  readonly totalShards: number;
  readonly cursor: number;
  /** The gateway payload as Discord sent it; another event has something else in its place. */
  readonly payload?: { readonly t: string; readonly s: number; readonly d: unknown };
  /** Events that will never come. */
  readonly gap?: { readonly from: number | null; readonly to: number; readonly reason: string };
}

interface PostBody {
  readonly stream: string;
  readonly events: readonly PostedEvent[];
}

/** A POST that is older is somebody's who has heard one and sends it again. */
const OLDEST_SECONDS = 300;

const encoder = new TextEncoder();

/**
 * Makes the handler: `handle` gets every event once, one after the other. What it throws is answered 500, and the
 * event comes again.
 */
export function createReceiver(
  secretKey: string,
  handle: (event: PostedEvent) => void | Promise<void>,
  nowMs: () => number = () => Date.now(),
): (request: Request) => Promise<Response> {
  /** What was seen of each shard. Keep it with your data if repeats after a restart of yours matter to you. */
  const seen = new Map<string, number>();
  let known = "";
  /** A POST that is sent again waits for the one before, which may still be in work. */
  let turn: Promise<void> = Promise.resolve();

  async function take({ stream, events }: PostBody): Promise<void> {
    // The unit counts anew.
    if (stream !== known) seen.clear();
    known = stream;
    for (const event of events) {
      const shard = `${event.shardId}/${event.totalShards}`;
      if (event.cursor <= (seen.get(shard) ?? -1)) continue;
      await handle(event);
      seen.set(shard, event.cursor);
    }
  }

  return async (request) => {
    const body = await request.text();
    if (!await isSigned(request.headers, body, secretKey, nowMs())) {
      return new Response("wrong signature\n", { status: 401 });
    }
    const taken = turn.then(() => take(JSON.parse(body)));
    turn = taken.catch(() => {});
    try {
      await taken;
    } catch (error) {
      console.error(error);
      return new Response("this could not be handled\n", { status: 500 });
    }
    return new Response(null, { status: 204 });
  };
}

/** As https://www.standardwebhooks.com has it: their libraries do the same. */
async function isSigned(headers: Headers, body: string, secretKey: string, nowMs: number) {
  const id = headers.get("webhook-id") ?? "";
  const timestamp = headers.get("webhook-timestamp") ?? "";
  const [version, signature = ""] = (headers.get("webhook-signature") ?? "").split(",");
  if (version !== "v1" || !(Math.abs(nowMs / 1_000 - Number(timestamp)) <= OLDEST_SECONDS)) {
    return false;
  }
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", keyOf(secretKey), hmac, false, ["verify"]);
  const signed = encoder.encode(`${id}.${timestamp}.${body}`);
  try {
    return await crypto.subtle.verify("HMAC", key, bytesOf(signature), signed);
  } catch {
    // It is not even base64.
    return false;
  }
}

/** What begins with `whsec_` is bytes in base64; anything else its own letters. */
function keyOf(secretKey: string): Uint8Array<ArrayBuffer> {
  const [, base64] = /^whsec_(.*)$/s.exec(secretKey) ?? [];
  return base64 === undefined ? encoder.encode(secretKey) : bytesOf(base64);
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** What `deno serve`, Cloudflare Workers and Bun run. */
export default {
  fetch: (request: Request): Promise<Response> => {
    receiver ??= createReceiver(Deno.env.get("EVENT_HANDLER_SECRET_KEY") ?? "", (event) => {
      const name = event.payload?.t ?? (event.gap ? `GAP: ${event.gap.reason}` : "other");
      console.log(event.shardId, event.cursor, name);
    });
    return receiver(request);
  },
};

let receiver: ReturnType<typeof createReceiver> | undefined;
