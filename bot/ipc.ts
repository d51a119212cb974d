/**
 * What a bot or service says to the others: commands, and the unit's methods.
 *
 * @module
 */

import { type CommandTarget, targetOf } from "../protocol/link_call.ts";
import { shown } from "../protocol/record.ts";
import type { Stats } from "../protocol/status.ts";
import {
  cannotSend,
  COMMAND_TIMEOUT_MS,
  type CommandOptions,
  type CommandResults,
  readOptions,
} from "../protocol/command.ts";

/** Whom a cluster command is for. */
export type ClusterTarget =
  | { readonly all: true }
  | { readonly clusterId: number }
  | { readonly guildId: string | bigint };

/** Commands between clusters, services and the unit. */
export interface Ipc {
  /**
   * Sends a command to a service, whose `handleCommand` gets it. With `receptive` it resolves with the
   * answer, else when the command is on its way.
   *
   * Values are what structured clone carries; to a remote cluster that takes JSON only, JSON.
   *
   * @throws {GatehouseError} `no_target`, `away`, `deadline` (after `timeout` ms, default 30,000),
   * `bad_message` where a value cannot be sent.
   * @throws What the service answered with `asError`, or threw: with name, message, stack and cause.
   */
  sendServiceCommand(name: string, data: unknown, options?: CommandOptions): Promise<unknown>;
  /** The same for all clusters; receptive, it resolves when each has settled, and never rejects. */
  sendClusterCommand(
    to: { readonly all: true },
    data: unknown,
    options: CommandOptions & { readonly receptive: true },
  ): Promise<CommandResults>;
  /** The same for one cluster: by its id, or by a guild whose events it gets. */
  sendClusterCommand(to: ClusterTarget, data: unknown, options?: CommandOptions): Promise<unknown>;
  /**
   * What some cluster knows of a guild: the one that gets its events is asked, by its bot's `find`.
   * `null` where it knows nothing. With `rest`, Discord is asked then.
   */
  fetchGuild(guildId: string | bigint, options?: FetchOptions): Promise<unknown>;
  /** The same of a channel; every cluster is asked. */
  fetchChannel(channelId: string | bigint, options?: FetchOptions): Promise<unknown>;
  /** The same of a user; every cluster is asked. */
  fetchUser(userId: string | bigint, options?: FetchOptions): Promise<unknown>;
  /** The same of a member; the cluster that gets the guild's events is asked. */
  fetchMember(
    guildId: string | bigint,
    userId: string | bigint,
    options?: FetchOptions,
  ): Promise<unknown>;
  /**
   * Ends a cluster of the unit's own and starts it again; its events wait. Resolves when the new one has
   * been started. A cluster that restarts itself gets no answer: do not wait for it in a handler.
   *
   * @throws {GatehouseError} `refused` where the unit does not start a cluster of that number.
   */
  restart(clusterId: number): Promise<void>;
  /** The same for all, one after another: each when the one before is linked again. */
  restartAll(): Promise<void>;
  /** The clusters that the unit starts. */
  readonly clusters: { get(clusterId: number): PeerControl };
  /** The services. */
  readonly services: { get(name: string): PeerControl };
  /** The figures that the unit collected last; `null` before the first time. */
  stats(): Promise<Stats | null>;
}

/** Where to look. */
export interface FetchOptions {
  /** Whether Discord is asked where no cluster knows. Default false. */
  readonly rest?: boolean;
  /**
   * How long clusters may take, ms. Default 5,000. One that has not answered by then knows nothing;
   * Discord is asked after that.
   */
  readonly timeout?: number;
}

/** A cluster or service that the unit starts. Each rejects with `refused` where there is none. */
export interface PeerControl {
  /** Starts it, unless it runs. */
  spawn(): Promise<void>;
  /**
   * Ends it: it finishes what it does and its `shutdown()` is waited for; after `timeout` ms (default
   * 10,000) it is killed. It stays away, and its events wait, until it is spawned.
   */
  kill(timeout?: number): Promise<void>;
  /** Ends it in the same way, and starts it again. Resolves when the new one has been started. */
  respawn(timeout?: number): Promise<void>;
}

/** How the unit, or somebody who reaches it, does these things. */
export interface IpcWorld {
  readonly command: (
    to: CommandTarget,
    data: unknown,
    options: Required<CommandOptions>,
  ) => Promise<unknown>;
  /** Calls a method of the unit, which has so long to answer. */
  readonly unit: (request: object, timeoutMs?: number) => Promise<unknown>;
}

/** The commands on top of `world`. */
export function ipcOf({ command, unit }: IpcWorld): Ipc {
  // Each is asynchronous: what is thrown becomes a rejection.
  const send = async (to: unknown, data: unknown, options: CommandOptions = {}) => {
    const target = targetOf(to);
    if (target) return await command(target, data, readOptions(options));
    const expected = "expected {all: true}, {clusterId}, {guildId} or {service}";
    throw cannotSend(`${expected}, received ${shown(to)}`);
  };
  const fetch = async (
    wanted: Readonly<Record<string, unknown>>,
    { rest = false, timeout }: FetchOptions = {},
  ) => {
    const ids = Object.entries(wanted).map(([name, id]) => [name, String(id)]);
    const request = { method: "fetch", wanted: Object.fromEntries(ids), rest, ...inMs(timeout) };
    // Discord is asked after the clusters, and may take its own time.
    return await unit(request, COMMAND_TIMEOUT_MS + (timeout ?? 0));
  };
  const control = (whose: { readonly clusterId: number } | { readonly service: string }) => {
    const ask = async (method: string, timeout?: number) => {
      const request = { method, ...whose, ...inMs(timeout) };
      await unit(request, COMMAND_TIMEOUT_MS + (timeout ?? 0));
    };
    return {
      spawn: () => ask("spawn"),
      kill: (timeout?: number) => ask("kill", timeout),
      respawn: (timeout?: number) => ask("respawn", timeout),
    };
  };
  return {
    sendServiceCommand: (name, data, options) => send({ service: name }, data, options),
    sendClusterCommand: send as Ipc["sendClusterCommand"],
    fetchGuild: (guildId, options) => fetch({ kind: "guild", guildId }, options),
    fetchChannel: (channelId, options) => fetch({ kind: "channel", channelId }, options),
    fetchUser: (userId, options) => fetch({ kind: "user", userId }, options),
    fetchMember: (guildId, userId, options) => fetch({ kind: "member", guildId, userId }, options),
    restart: (clusterId) => control({ clusterId }).respawn(),
    restartAll: async () => void await unit({ method: "restartAll" }, Infinity),
    clusters: { get: (clusterId) => control({ clusterId }) },
    services: { get: (service) => control({ service }) },
    stats: () => unit({ method: "stats" }) as Promise<Stats | null>,
  };
}

/** The field of a request that says how long, where somebody does. */
function inMs(timeout: number | undefined): { timeoutMs?: number } {
  return timeout === undefined ? {} : { timeoutMs: readOptions({ timeout }).timeout };
}
