/**
 * What Discord POSTs to an application: interactions, where they do not come by the gateway, and webhook events.
 * Here each becomes the dispatch that a bot would have got.
 * See [Discord Docs/Interactions](https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint)
 * and [Discord Docs/Webhook Events](https://discord.com/developers/docs/events/webhook-events).
 *
 * @module
 */

import { cannot } from "../errors.ts";
import { parseExact, writeExact } from "../json.ts";
import { isRecord } from "../record.ts";
import { isInteractionId } from "./interaction.ts";

const bad = cannot("read what Discord POSTs", "bad_message", "peer");

/** What came. */
export type HttpEvent =
  /** Discord asks whether the endpoint is there. */
  | { readonly kind: "ping"; readonly of: "interactions" | "webhook events" }
  | {
    readonly kind: "interaction" | "webhook event";
    /** Name of the dispatch that it becomes. */
    readonly t: string;
    /** The guild that it is about; empty: none. */
    readonly guildId: string;
    /** `{"t":…,"s":null,"op":0,"d":…}`; of an interaction `d` is as it came. */
    readonly payload: Uint8Array<ArrayBuffer>;
    /** Of an interaction. */
    readonly id: string | null;
  };

const INTERACTION_PING = 1;
const WEBHOOK_PING = 0;
/** What a name of an event looks like; of tomorrow's, too. */
const NAME = /^[A-Z][A-Z0-9_]{0,63}$/;

const encoder = new TextEncoder();

/**
 * Reads a body.
 *
 * @throws {GatehouseError} `bad_message` that says what is wrong with it.
 */
export function readHttpEvent(text: string): HttpEvent {
  let body: unknown;
  try {
    body = parseExact(text);
  } catch (cause) {
    throw bad("it is not JSON", { cause });
  }
  if (!isRecord(body)) throw bad("it is not an object");
  const { type, id, event } = body;
  if (isRecord(event)) return webhookEvent(event);
  if (type === WEBHOOK_PING) return { kind: "ping", of: "webhook events" };
  if (type === INTERACTION_PING) return { kind: "ping", of: "interactions" };
  if (typeof type !== "number" || !isInteractionId(id)) {
    throw bad("it is neither an interaction, with a type and an id, nor a webhook event");
  }
  const t = "INTERACTION_CREATE";
  return {
    kind: "interaction",
    t,
    guildId: idOf(body.guild_id) ?? "",
    payload: dispatch(t, text.trim()),
    id,
  };
}

function webhookEvent({ type, timestamp, data }: Record<string, unknown>): HttpEvent {
  if (typeof type !== "string" || !NAME.test(type)) throw bad("its event has no type");
  const fields = isRecord(data) ? data : {};
  const guild = isRecord(fields.guild) ? fields.guild.id : fields.guild_id;
  // When it happened is not in the data, and of use.
  const at = typeof timestamp === "string" ? { event_timestamp: timestamp } : {};
  return {
    kind: "webhook event",
    t: type,
    guildId: idOf(guild) ?? "",
    payload: dispatch(type, writeExact({ ...fields, ...at })),
    id: null,
  };
}

function dispatch(t: string, d: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(`{"t":"${t}","s":null,"op":0,"d":${d}}`);
}

function idOf(value: unknown): string | undefined {
  return isInteractionId(value) ? value : undefined;
}
