/**
 * What a client sends up to Discord, and what it is answered here: members that are known, what found no
 * room, an opcode that Discord does not know.
 *
 * @module
 */

import type { LogFields } from "../ports/log.ts";
import { GatehouseError, messageOf } from "../protocol/errors.ts";
import { intentLacking, readMembersCommand } from "../protocol/discord/members.ts";
import { COMMAND_OPS, OP } from "../protocol/discord/opcodes.ts";
import type { ShardPayload } from "../protocol/worker_message.ts";
import { membersChunk, rateLimited } from "./frames.ts";
import { giveMembers } from "./members.ts";
import { MESSAGE_WINDOW_MS, type Refused, unknownOpcode } from "./message.ts";
import type { DownstreamSession } from "./session.ts";
import type { DownstreamWorld } from "./world.ts";

/** What commands work with. */
export interface CommandsOptions extends Pick<DownstreamWorld, "members" | "send" | "log"> {
  /** Number of the last of what the client was given. */
  readonly s: () => number;
  readonly give: (payload: string | Uint8Array) => void;
  /** Resolves when everything that was given has been taken. */
  readonly taken: () => Promise<void>;
  /** Whether the session has this connection no more. */
  readonly isOver: (session: DownstreamSession) => boolean;
  readonly refused: (refused: Refused) => void;
  /** What log lines say of the connection. */
  readonly about: () => LogFields;
}

/** The commands of one connection. */
export class DownstreamCommands {
  readonly #options: CommandsOptions;
  /** How often it was asked for members. */
  #questions = 0;

  constructor(options: CommandsOptions) {
    this.#options = options;
  }

  /** Sends a command up, unless it can be answered here. */
  async pass(session: DownstreamSession, payload: ShardPayload): Promise<void> {
    const { send, log, about, refused, give, s } = this.#options;
    try {
      const isAnswered = payload.op === OP.REQUEST_GUILD_MEMBERS && this.#members(session, payload);
      // Commands keep their order where nobody has to be asked.
      if (isAnswered && await isAnswered) return;
      await send(session.shard, payload);
    } catch (error) {
      const fields = { ...about(), op: payload.op, error: messageOf(error) };
      log.warn("consumer's command was not sent", fields);
      if (!COMMAND_OPS.has(payload.op) && isRefused(error)) return refused(unknownOpcode(payload));
      if (payload.op === OP.REQUEST_GUILD_MEMBERS && isSendLimit(error)) {
        give(rateLimited(s(), payload, MESSAGE_WINDOW_MS));
      }
    }
  }

  /** Answers an op 8 where that can be; false: Discord is to. */
  #members(session: DownstreamSession, { d }: ShardPayload): boolean | Promise<boolean> {
    const { members, log, about, give, taken, isOver, s } = this.#options;
    const intent = intentLacking(d as Record<string, unknown>, session.terms.intents);
    if (intent) {
      // Nor does Discord answer this.
      log.warn("consumer asks for members without the intent", { ...about(), intent });
      return true;
    }
    const command = readMembersCommand(d);
    if (!members || !command) return false;
    const id = `${session.sessionId} ${++this.#questions}`;
    return giveMembers(command, {
      next: async (command) => await members(session.shard, { id, command }),
      give: (body) => give(membersChunk(s(), body)),
      taken,
      isOver: () => isOver(session),
    });
  }
}

function isSendLimit(error: unknown): boolean {
  return isRefused(error) || error instanceof GatehouseError && error.code === "deadline";
}

function isRefused(error: unknown): boolean {
  return error instanceof GatehouseError && error.code === "refused";
}
