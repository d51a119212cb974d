/**
 * Every foreign module, in one place. Types are re-exported; code is loaded on demand, because an
 * eager barrel would cost each shard worker about 8 MiB.
 *
 * The versions stand here and not in `deno.json`'s import map, because the map of *our* `deno.json`
 * is not read when somebody imports `mod.ts` from a project that has a `deno.json` of its own.
 *
 * @module
 */

export type { Command } from "npm:commander@15.1.0";
export type { Context, Hono } from "npm:hono@4.13.19";
export type { LogRecord } from "npm:@logtape/logtape@2.4.2";
export type { ConnectionOptions, Msg, NatsConnection } from "npm:@nats-io/transport-node@3.4.0";
export type { JetStreamClient, JetStreamManager, StreamInfo } from "npm:@nats-io/jetstream@3.4.0";

/** What Deno cannot see before it is asked for: it downloads all that it sees, whether that is used or not. */
const later = (specifier: string) => import(specifier);

/** The command line: subcommands, options, help. */
export const loadCommander = () => import("npm:commander@15.1.0");
/** Tables on a terminal. */
export const loadTable = (): Promise<{ default: typeof import("npm:cli-table3@0.6.5") }> =>
  later("npm:cli-table3@0.6.5");
/** HTTP client: bytes as they come, and a request body that comes late does not stall. */
export const loadUndici = () => import("npm:undici@7.30.2");
/** Router of the one HTTP port. */
export const loadHono = () => import("npm:hono@4.13.19");
/** NATS over TCP and TLS: needs the net alone, where a WebSocket would need a server that is set up for it. */
export const loadNats = (): Promise<typeof import("npm:@nats-io/transport-node@3.4.0")> =>
  later("npm:@nats-io/transport-node@3.4.0");
/** Its sockets. */
export const loadNatsTransport = (): Promise<
  typeof import("npm:@nats-io/transport-node@3.4.0/lib/node_transport.js")
> => later("npm:@nats-io/transport-node@3.4.0/lib/node_transport.js");
/** What NATS keeps: keys, and streams of events. */
export const loadJetStream = (): Promise<typeof import("npm:@nats-io/jetstream@3.4.0")> =>
  later("npm:@nats-io/jetstream@3.4.0");
/** Structured logging, configured once in `app/`. */
export const loadLogtape = () => import("npm:@logtape/logtape@2.4.2");
/** Validation of settings and of control messages. */
export const loadValibot = () => import("npm:valibot@1.5.0");

/** The validation library itself: what a schema is made with. */
export type Valibot = Awaited<ReturnType<typeof loadValibot>>;
/** A reader of one setting: text in, value of type `Value` out. */
export type TextSchema<Value> = import("npm:valibot@1.5.0").GenericSchema<string, Value>;
