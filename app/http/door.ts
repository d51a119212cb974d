/**
 * `POST /discord`: where Discord brings interactions and webhook events, signed. Nobody else is believed, whatever
 * secret they have.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Hono } from "../../deps.ts";
import type { Clock } from "../../ports/clock.ts";
import { ed25519Verifier } from "../../ports/ed25519.ts";
import { readBody } from "../../ports/http/body.ts";
import { type Log, seldom } from "../../ports/log.ts";
import { type HttpEvent, readHttpEvent } from "../../protocol/discord/http_event.ts";
import { messageOf } from "../../protocol/errors.ts";
import type { Door } from "../../unit/door/door.ts";

/** What the route needs. */
export interface DoorRouteOptions {
  /** `DISCORD_PUBLIC_KEY`; `null`: there is no such door. */
  readonly publicKey: string | null;
  /** `null` before Discord has said where to connect. */
  readonly door: () => Pick<Door, "take"> | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** Far above any interaction, and little enough to be read of anybody: only then it is known who it is. */
export const MOST_DOOR_BYTES: number = 256 * 1024;
/** What was signed longer ago, or will be, is somebody's who has heard it. */
export const SIGNED_WITHIN_MS = 300_000;

/** Adds the route. */
// deno-lint-ignore no-explicit-any -- of whatever environment
export function doorRoute(app: Hono<any>, options: DoorRouteOptions): void {
  const { publicKey, door, clock, log } = options;
  const isSigned = publicKey === null ? null : ed25519Verifier(publicKey);
  const isTold = seldom(clock);
  const refuse = (status: number, error: string) => {
    const more = isTold();
    if (more !== null) {
      log.warn("what came to /discord was refused", { reason: error, ...more && { more } });
    }
    return Response.json({ error }, { status });
  };
  app.post("/discord", async (c) => {
    if (isSigned === null) {
      return Response.json({ error: "DISCORD_PUBLIC_KEY is not set here" }, { status: 404 });
    }
    const signature = c.req.header("x-signature-ed25519");
    const timestamp = c.req.header("x-signature-timestamp");
    if (!signature || !timestamp) return refuse(401, "it is not signed");
    if (!(Math.abs(Number(timestamp) * 1_000 - clock.epochMs()) <= SIGNED_WITHIN_MS)) {
      return refuse(401, "it was signed at another time");
    }
    const bytes = await readBody(c.req.raw.body, MOST_DOOR_BYTES);
    if (bytes === null) return refuse(413, `the body has more than ${MOST_DOOR_BYTES} bytes`);
    if (!await isSigned(signature, signed(timestamp, bytes))) {
      return refuse(401, "the signature is not that of DISCORD_PUBLIC_KEY");
    }
    let event: HttpEvent;
    try {
      event = readHttpEvent(new TextDecoder().decode(bytes));
    } catch (error) {
      return refuse(400, messageOf(error));
    }
    if (event.kind === "ping") return pong(event.of);
    const open = door();
    if (open === null) return refuse(503, "the unit does not serve now");
    const answer = await open.take(event, event.id ?? keyOf(bytes));
    if (answer.reason !== undefined) return refuse(answer.status, answer.reason);
    if (answer.body) return Response.json(answer.body);
    return new Response(null, { status: answer.status });
  });
}

function pong(of: "interactions" | "webhook events"): Response {
  return of === "interactions" ? Response.json({ type: 1 }) : new Response(null, { status: 204 });
}

function signed(timestamp: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(timestamp);
  const whole = new Uint8Array(head.length + body.length);
  whole.set(head);
  whole.set(body, head.length);
  return whole;
}

/** A webhook event has no id: what comes again is the same to the letter. */
function keyOf(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("hex").slice(0, 32);
}
