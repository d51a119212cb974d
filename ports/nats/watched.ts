/**
 * One look at a bucket: all that there is, and then each change. It ends where it would miss one.
 *
 * @module
 */

import { loadJetStream, type Msg } from "../../deps.ts";
import { messageOf } from "../../protocol/errors.ts";
import { type Cancel, type Clock, every } from "../clock.ts";
import type { Entry, TakeEntry } from "../fleet/keys.ts";
import type { Bucket } from "./bucket.ts";

/** How often the server says that nothing has changed. */
const QUIET_MS = 2_000;
/**
 * After so long without a word it has forgotten us: the one of a cluster that told us is dead. Well before a lease,
 * because nobody's beat is heard meanwhile.
 */
const DEAF_MS = 5_000;
/** It forgets who is away for so long. */
const FORGET_MS = 30_000;
const NANOS = 1_000_000;
/** The server's own words in between: that it is quiet, or whether we keep up. */
const STATUS = 100;

/** What a look needs. */
export interface WatchOptions {
  readonly clock: Clock;
  /** A key; the beginning of keys, up to a dot; or nothing, for all. */
  readonly prefix: string;
  /** Where the server sends what it finds; nobody else's. */
  readonly inbox: string;
  /** May not throw. */
  readonly take: TakeEntry;
  /** Something was missed, or may have been: it has ended. */
  readonly lost: (why: string) => void;
}

/**
 * Begins one, and gives what ends it.
 *
 * @throws What the server says.
 */
export async function watchBucket(bucket: Bucket, options: WatchOptions): Promise<Cancel> {
  const { connection, consumers, stream, subject } = bucket;
  const { clock, prefix, inbox, take, lost } = options;
  const { AckPolicy, DeliverPolicy } = await loadJetStream();
  let heardMs = clock.now();
  let delivered = 0;
  let hasToldAll = false;
  let isOver = false;

  const subscription = connection.subscribe(inbox, {
    callback(refused, message) {
      if (isOver) return;
      heardMs = clock.now();
      try {
        if (refused) throw refused;
        hear(message);
      } catch (error) {
        end(messageOf(error));
      }
    },
  });
  const checking = every(clock, QUIET_MS / 2, () => {
    if (clock.now() - heardMs > DEAF_MS) end(`nothing was heard for ${DEAF_MS} ms`);
  });

  function hear(message: Msg): void {
    const { headers } = message;
    if (headers?.code === STATUS) return hearStatus(message);
    const place = placeOf(message);
    if (place === null) {
      throw new Error(`the server said ${headers?.description ?? "nothing known"}`);
    }
    if (place.delivered !== ++delivered) throw new Error("a change was missed");
    const entry = entryOf(message, place.revision);
    // What was deleted before we looked is not told.
    if (entry !== null || hasToldAll) take(message.subject.slice(subject.length), entry);
    if (place.pending === 0) tellAll();
  }

  function hearStatus({ headers, reply }: Msg): void {
    if (reply) return void connection.publish(reply);
    const stalled = headers?.get("Nats-Consumer-Stalled");
    if (stalled) connection.publish(stalled);
    if (Number(headers?.get("Nats-Last-Consumer")) > delivered) {
      throw new Error("a change was missed");
    }
  }

  function tellAll(): void {
    if (hasToldAll) return;
    hasToldAll = true;
    take(null, null);
  }

  function stop(): void {
    if (isOver) return;
    isOver = true;
    checking();
    if (!connection.isClosed()) subscription.unsubscribe();
  }

  function end(why: string): void {
    stop();
    lost(why);
  }

  try {
    const { num_pending } = await consumers.add(stream, {
      deliver_policy: DeliverPolicy.LastPerSubject,
      ack_policy: AckPolicy.None,
      filter_subject: filterOf(subject, prefix),
      deliver_subject: inbox,
      flow_control: true,
      idle_heartbeat: QUIET_MS * NANOS,
      inactive_threshold: FORGET_MS * NANOS,
      max_deliver: 1,
      mem_storage: true,
      num_replicas: 1,
    });
    if (num_pending === 0 && !isOver) tellAll();
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}

function filterOf(subject: string, prefix: string): string {
  return `${subject}${prefix}${prefix === "" || prefix.endsWith(".") ? ">" : ""}`;
}

/** A value as a message of the bucket holds it; `null`: it was deleted. */
export function entryOf(
  { headers, data }: Pick<Msg, "headers" | "data">,
  revision: number,
): Entry | null {
  const isDeleted = headers?.has("KV-Operation") || headers?.has("Nats-Marker-Reason");
  return isDeleted ? null : { value: JSON.parse(new TextDecoder().decode(data)), revision };
}

/** Which message of the stream it is, of how many that were delivered, and how many are to come. */
function placeOf({ reply }: Msg) {
  // $JS.ACK.(domain.account.)stream.consumer.deliveries.sequence.delivered.time.pending(.more)
  const words = reply?.split(".") ?? [];
  if (words.length < 9 || words[0] !== "$JS") return null;
  const [revision, delivered, , pending] = words.slice(words.length === 9 ? 5 : 7).map(Number);
  return { revision: revision!, delivered: delivered!, pending: pending! };
}
