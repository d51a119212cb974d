/**
 * The bucket in which a fleet keeps its keys: a stream of NATS that keeps the last message of each subject, as
 * NATS's own tools make it, so that those can read it. See
 * [ADR-8](https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-8.md).
 *
 * @module
 */

import {
  type JetStreamClient,
  type JetStreamManager,
  loadJetStream,
  loadNats,
  type NatsConnection,
  type StreamInfo,
} from "../../deps.ts";
import { messageOf } from "../../protocol/errors.ts";
import { refuseLarge } from "./dial.ts";

/**
 * For how long the server is asked. A cluster whose leader has died says nothing for some 6 s: what was asked
 * meanwhile is not answered afterwards, so it has to be asked again soon.
 */
export const ASK_MS = 3_000;
/** As many of NATS's servers as keep each value, where there are so many. */
const MOST_REPLICAS = 3;
const NOT_FOUND = 10_059;
const NAME_IN_USE = 10_058;
/** There are not so many servers: they are no cluster, or none of so many; or the account may not have so many. */
const TOO_FEW: ReadonlySet<number> = new Set([10_005, 10_074, 10_120]);
const WRONG_REVISION: ReadonlySet<number> = new Set([10_071, 10_164]);

/** What keeps, as it is reached by one connection. */
export interface JetStream extends Pick<JetStreamManager, "streams" | "consumers"> {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
}

/** A bucket as it is reached by one connection. */
export interface Bucket extends JetStream {
  /** Name of its stream. */
  readonly stream: string;
  /** What the subjects of its keys begin with; ends with a dot. */
  readonly subject: string;
  readonly info: StreamInfo;
}

/**
 * Opens a bucket, and makes it where there is none: of 3 replicas, or 1 where the servers do not have so many.
 *
 * @throws What the server says.
 */
export async function openBucket(connection: NatsConnection, name: string): Promise<Bucket> {
  const own = await openJetStream(connection);
  const stream = `KV_${name}`;
  const subject = `$KV.${name}.`;
  const info = await openStream(own.streams, stream, {
    description: "What the units of a Gatehouse fleet write down for each other",
    subjects: [`${subject}>`],
    max_msgs_per_subject: 1,
    discard: "new",
    allow_rollup_hdrs: true,
    deny_delete: true,
    allow_direct: true,
  });
  return { ...own, stream, subject, info };
}

/** Asks nothing yet: who is locked in may not ask for the account's limits. */
export async function openJetStream(connection: NatsConnection): Promise<JetStream> {
  const { jetstream, jetstreamManager } = await loadJetStream();
  const options = { checkAPI: false, timeout: ASK_MS };
  const { streams, consumers } = await jetstreamManager(connection, options);
  return { connection, client: jetstream(connection, { timeout: ASK_MS }), streams, consumers };
}

/**
 * Writes a text, or that there is none any more (`null`), and gives its revision.
 *
 * @param revision Only where what is there is of this one; 0: where there never was any.
 * @throws {GatehouseError} `too_large`; and what the server says: see {@linkcode isWrongRevision}.
 */
export async function writeTo(
  { connection, client, subject }: Bucket,
  key: string,
  text: string | null,
  revision: number | null = null,
): Promise<number> {
  const { headers: newHeaders } = await loadNats();
  const headers = newHeaders();
  if (text === null) headers.set("KV-Operation", "DEL");
  const bytes = new TextEncoder().encode(text ?? "");
  refuseLarge(connection, `write ${key}`, bytes);
  const expect = revision === null ? {} : { expect: { lastSubjectSequence: revision } };
  return (await client.publish(subject + key, bytes, { headers, ...expect })).seq;
}

/** Whether a text was not written because another one is there. */
export function isWrongRevision(error: unknown): boolean {
  return WRONG_REVISION.has(codeOf(error) ?? 0);
}

type Streams = JetStreamManager["streams"];
type StreamShape = Omit<Parameters<Streams["add"]>[0], "name" | "num_replicas">;

/** A stream as it is; where there is none, of this shape. */
export async function openStream(
  streams: Streams,
  name: string,
  shape: StreamShape,
): Promise<StreamInfo> {
  try {
    return await streams.info(name);
  } catch (error) {
    if (codeOf(error) !== NOT_FOUND) throw error;
  }
  const add = (replicas: number) => streams.add({ ...shape, name, num_replicas: replicas });
  try {
    return await add(MOST_REPLICAS).catch((error) => {
      if (TOO_FEW.has(codeOf(error) ?? 0)) return add(1);
      throw error;
    });
  } catch (error) {
    // Somebody else was faster.
    if (codeOf(error) !== NAME_IN_USE) throw error;
    return await streams.info(name);
  }
}

/** What JetStream says by number; `null`: it is not JetStream that has said no. */
export function codeOf(error: unknown): number | null {
  const { name, code } = Object(error) as { name?: unknown; code?: unknown };
  const isApi = name === "JetStreamApiError" || name === "StreamNotFoundError";
  return isApi && typeof code === "number" ? code : null;
}

/** Why JetStream did not do it, in a person's words. */
export function reasonOf(error: unknown): string {
  const { name } = Object(error) as { name?: unknown };
  if (name === "NoRespondersError" || name === "JetStreamNotEnabled") {
    return "JetStream is not there, or not for this account";
  }
  if (name === "TimeoutError") return `JetStream did not answer within ${ASK_MS} ms`;
  return messageOf(error);
}
