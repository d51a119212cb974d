/**
 * Joins clusters, services and the unit: a command goes to whom it is for, and its answer back to who
 * asked. Every receptive command settles: with its answer, an error, or because its target is unknown,
 * away, gone, or too slow.
 *
 * @module
 */

import {
  COMMAND_TIMEOUT_MS,
  type CommandOptions,
  type CommandResults,
  plainResults,
  readOptions,
} from "../protocol/command.ts";
import { GatehouseError, messageOf, unheard } from "../protocol/errors.ts";
import type { CommandTarget, LinkCall, LinkReply, Verb } from "../protocol/link_call.ts";
import { peerFields, type PeerKey, peerText } from "../protocol/peer.ts";
import { decodeValue, encodeValue, notJson, type WireValue } from "../protocol/value.ts";
import type { Asks } from "../ports/asks.ts";
import { linkAsks, replyTo } from "../ports/link_asks.ts";
import type { World } from "../ports/world.ts";
import type { Peer } from "./links.ts";

/** Who there is, linked or not. */
export interface Directory {
  /** Ids of all clusters, in order. */
  readonly clusterIds: readonly number[];
  /** Which cluster gets the events of a guild; `null`: none of this unit. */
  clusterOfGuild(guildId: string): number | null;
  hasService(name: string): boolean;
}

/** Whom a single command is for. */
type OneTarget = Exclude<CommandTarget, { all: true }>;

/** Who else there is: what other units of a fleet have. */
export interface FarPeers {
  /** Ids of their clusters. */
  readonly clusterIds: readonly number[];
  /**
   * The unit that has whom a command is for; `null`: ours has, or nobody.
   *
   * @throws {GatehouseError} `away` where that is not known just now.
   */
  unitOf(to: OneTarget): string | null;
  /** Whether our clusters are theirs, too: one that has no link with us may have one with them. */
  readonly areShared: boolean;
  /**
   * Sends a command over the link that another unit has with such a cluster.
   *
   * @throws {GatehouseError} `away` where none has; whatever {@linkcode Switchboard.command} throws.
   */
  commandShared(
    clusterId: number,
    data: unknown,
    options: Required<CommandOptions>,
  ): Promise<unknown>;
  /** Sends a command there. Settles as {@linkcode Switchboard.command} does. */
  command(
    unit: string,
    to: OneTarget,
    data: unknown,
    options: Required<CommandOptions>,
  ): Promise<unknown>;
}

/** What the switchboard needs. */
export interface SwitchboardOptions extends Pick<World, "clock" | "log"> {
  readonly directory: Directory;
  /** Default: there is nobody else. */
  readonly far?: FarPeers;
  /** A method of the unit that somebody calls. */
  readonly unit: (request: unknown, caller: PeerKey) => unknown;
}

interface Line {
  readonly far: Peer;
  readonly asks: Asks<LinkReply>;
}

/** The switchboard of a unit. */
export class Switchboard {
  readonly #options: SwitchboardOptions;
  /** By the text of the peer. */
  readonly #lines = new Map<string, Line>();

  constructor(options: SwitchboardOptions) {
    this.#options = options;
  }

  /** A link is up. An earlier one of the same peer is gone. */
  up(far: Peer): void {
    this.down(far.peer, "a newer link took over");
    this.#lines.set(peerText(far.peer), { far, asks: linkAsks(this.#options.clock) });
  }

  /** A link is down: what was asked over it will not be answered. */
  down(peer: PeerKey, reason: string): void {
    const name = peerText(peer);
    this.#lines.get(name)?.asks.drop(`${name} is gone: ${reason}`);
    this.#lines.delete(name);
  }

  /** Those that take calls now. */
  get reachable(): PeerKey[] {
    return [...this.#lines.values()].filter(({ far }) => far.values !== null)
      .map(({ far }) => far.peer);
  }

  /** A peer calls, or replies. */
  receive(peer: PeerKey, message: LinkCall | LinkReply): void {
    const line = this.#lines.get(peerText(peer));
    if (!line) return;
    if (message.op === "reply") line.asks.settle(message.id, message);
    else this.#answer(line, message);
  }

  /**
   * Sends a command. Without `receptive` it resolves with `undefined` when it is on its way.
   *
   * @throws {GatehouseError} `no_target`, `away`, `deadline`; `bad_message` where a value cannot go
   * there.
   * @throws What the target's `handleCommand` answered as its error.
   */
  async command(to: CommandTarget, data: unknown, options: CommandOptions = {}): Promise<unknown> {
    const value = encodeValue(data);
    const read = readOptions(options);
    if ("all" in to) return await this.#commandAll(value, read);
    return await this.#command(to, value, read);
  }

  /** The same for who is of this unit, and nobody else. */
  async commandHere(to: OneTarget, data: unknown, options: CommandOptions): Promise<unknown> {
    return await this.#call(this.#target(to), "command", encodeValue(data), readOptions(options));
  }

  /**
   * Asks one peer for something.
   *
   * @throws {GatehouseError} `away`, `deadline`.
   */
  ask(peer: PeerKey, verb: Verb, value: unknown, timeoutMs: number): Promise<unknown> {
    return this.#call(peer, verb, encodeValue(value), { receptive: true, timeout: timeoutMs });
  }

  /** Tells every one of `peers` that takes calls. */
  tell(peers: readonly PeerKey[], verb: Verb, value: unknown): void {
    const wire = encodeValue(value);
    for (const peer of peers) {
      this.#call(peer, verb, wire, {}).catch((error) =>
        this.#options.log.debug("peer was not told", {
          verb,
          ...peerFields(peer),
          error: messageOf(error),
        })
      );
    }
  }

  async #commandAll(
    value: WireValue,
    options: Required<CommandOptions>,
  ): Promise<CommandResults | undefined> {
    const { clusterIds } = this;
    const settled = await Promise.allSettled(
      clusterIds.map((clusterId) => this.#command({ clusterId }, value, options)),
    );
    if (!options.receptive) return undefined;
    const results: unknown[] = [];
    const errors: CommandResults["errors"] = [];
    settled.forEach((each, i) => {
      if (each.status === "fulfilled") results.push(each.value);
      else errors.push(Object.assign(asError(each.reason), { clusterId: clusterIds[i]! }));
    });
    return { results, errors };
  }

  /** Ids of all clusters that there are, in order. */
  get clusterIds(): readonly number[] {
    const { directory, far } = this.#options;
    return far
      ? [...directory.clusterIds, ...far.clusterIds].sort((a, b) => a - b)
      : directory.clusterIds;
  }

  async #command(
    to: OneTarget,
    value: WireValue,
    options: Required<CommandOptions>,
  ): Promise<unknown> {
    const { far } = this.#options;
    const unit = far?.unitOf(to) ?? null;
    if (unit !== null) return await far!.command(unit, to, decodeValue(value), options);
    const peer = this.#target(to);
    const isAway = !this.#lines.has(peerText(peer));
    return isAway && far?.areShared && peer.kind === "cluster"
      ? await far.commandShared(peer.id, decodeValue(value), options)
      : await this.#call(peer, "command", value, options);
  }

  // deno-lint-ignore require-await -- what is thrown becomes a rejection
  async #call(
    peer: PeerKey,
    verb: Verb,
    value: WireValue,
    { receptive = false, timeout = COMMAND_TIMEOUT_MS }: CommandOptions,
  ): Promise<unknown> {
    const name = peerText(peer);
    const line = this.#lines.get(name);
    if (!line) throw unheard(`Cannot reach ${name}: it is not linked`);
    if (verb === "late" && !line.far.takesLate) {
      const text = `Cannot bring ${name} what comes late: its hello did not say that it takes it`;
      throw new GatehouseError("refused", "peer", text);
    }
    const taken = takenBy(line.far, value);
    const send = (id: number) => line.far.send({ op: "call", id, verb, receptive, value: taken });
    if (receptive) return line.asks.ask(name, timeout, send);
    return void send(0);
  }

  #answer({ far }: Line, call: LinkCall): Promise<void> {
    const { log } = this.#options;
    const from = peerText(far.peer);
    const { verb, to } = call;
    return replyTo(call, {
      work: () => this.#perform(far, call),
      encode(answer) {
        const isPlain = far.values === "json" && to !== undefined && "all" in to;
        return takenBy(far, encodeValue(isPlain ? plainResults(answer as CommandResults) : answer));
      },
      send: (reply) => far.send(reply),
      unheard: (error) =>
        log.warn("call without an answer failed", { from, verb, error: messageOf(error) }),
    });
  }

  // deno-lint-ignore require-await -- what is thrown becomes a rejection
  async #perform(
    { peer, values }: Peer,
    { verb, to, value, receptive, timeoutMs }: LinkCall,
  ): Promise<unknown> {
    if (values === null) {
      throw new GatehouseError("refused", "caller", "Cannot take a call: hello had no values");
    }
    const data = decodeValue(value);
    if (verb === "unit") return this.#options.unit(data, peer);
    if (verb === "command" && to !== undefined) {
      return this.command(to, data, {
        receptive,
        ...(timeoutMs !== undefined && { timeout: timeoutMs }),
      });
    }
    throw new GatehouseError("bad_message", "peer", `Cannot ${verb}: only a unit asks for that`);
  }

  #target(to: OneTarget): PeerKey {
    const { directory } = this.#options;
    if ("service" in to) {
      if (directory.hasService(to.service)) return { kind: "service", name: to.service };
      throw unknown(`service ${to.service}`);
    }
    if ("guildId" in to) {
      const id = directory.clusterOfGuild(to.guildId);
      if (id !== null) return { kind: "cluster", id };
      throw unknown(`a cluster with guild ${to.guildId}`);
    }
    const id = to.clusterId;
    if (directory.clusterIds.includes(id)) return { kind: "cluster", id };
    throw unknown(`cluster ${id}: there are ${this.clusterIds.join(", ") || "none"}`);
  }
}

function unknown(what: string): GatehouseError {
  return new GatehouseError("no_target", "caller", `Cannot find ${what}`);
}

/**
 * The value as the peer takes it. Who takes JSON only gets `null` for nothing.
 *
 * @throws {GatehouseError} where the peer would not understand it.
 */
function takenBy({ peer, values }: Peer, value: WireValue): WireValue {
  const name = peerText(peer);
  if (values === null) {
    throw new GatehouseError("away", "peer", `Cannot call ${name}: it takes no calls`);
  }
  const problem = values === "json" ? notJson(value) : null;
  if (problem === null) {
    return values === "json" && "clone" in value ? { json: decodeValue(value) } : value;
  }
  if (decodeValue(value) === undefined) return { json: null };
  const text = `Cannot send to ${name}, which takes JSON only: the value holds ${problem}`;
  throw new GatehouseError("bad_message", "caller", text);
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
