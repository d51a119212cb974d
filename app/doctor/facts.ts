/**
 * All that the checks go by, as `gather/` has found it.
 *
 * @module
 */

import type { ParsedConfig } from "../../config/parse.ts";
import type { GatewayInfo } from "../../gateway/gateway_info.ts";
import type { Compression } from "../../protocol/worker_message.ts";
import type { ReshardRecord } from "../../unit/reshard/record.ts";

/** Something that was looked for: as it is, or why it could not be seen. */
export type Fact<Value> = { readonly is: Value } | { readonly failed: string };

/** What Discord answered: the value, or what stands in its place. */
export type Answer<Value> =
  | { readonly is: Value }
  | {
    readonly failed: string;
    /** Of the answer, be it Discord's or our own. */
    readonly status: number;
    /** Whether Discord could not be asked, so that it has said nothing. */
    readonly isOurs: boolean;
  };

/** Everything. What was not looked at, because there was nothing to look at, is `null` or empty. */
export interface Facts {
  readonly settings: ParsedConfig;
  /** Names of the settings that are set. */
  readonly given: readonly string[];
  readonly host: HostFacts;
  readonly discord: DiscordFacts | null;
  readonly nats: readonly NatsFacts[];
  readonly consumers: readonly ConsumerFacts[];
  readonly bots: readonly BotFacts[];
}

/** This computer, and this process on it. */
export interface HostFacts {
  /** Version of Deno. */
  readonly deno: string;
  /** Whether this is the executable that `deno compile` makes. */
  readonly isCompiled: boolean;
  /** The file of settings; `null`: there is none. */
  readonly envFile: { readonly path: string; readonly mode: number | null } | null;
  readonly permissions: PermissionFacts | null;
  /** Whether the port can be had; the error's code and words where not. */
  readonly port:
    | { readonly free: true }
    | { readonly code: string; readonly failed: string }
    | null;
  readonly state: StateFacts | null;
  readonly inflates: InflateFacts;
}

/** What this process may do of what a unit has to. */
export interface PermissionFacts {
  /** Flags of Deno that are missing. */
  readonly missing: readonly string[];
  /** Whether it may do everything. */
  readonly isAll: boolean;
}

/** The state folder. */
export interface StateFacts {
  readonly dir: string;
  /** Whether it was not there. */
  readonly isNew: boolean;
  /** Why nothing can be written there; `null`: it can. */
  readonly problem: string | null;
  /** Who has it, in words; `null`: nobody. */
  readonly heldBy: string | null;
  /** Why it is not this bot's; `null`: it is. */
  readonly foreign: string | null;
  /** Files that cannot be read. */
  readonly damaged: readonly string[];
  /** Total → shards of it whose session may be resumed. */
  readonly sessions: ReadonlyMap<number, number>;
  /** What an earlier life wrote down of which total serves; `null`: nothing. */
  readonly record: ReshardRecord | null;
  /** What this user may still write to its disk, in bytes. */
  readonly free: Fact<number>;
}

/** Which compression this runtime undoes. */
export interface InflateFacts {
  readonly works: Readonly<Record<Compression, boolean>>;
  /** Whether the fast way works. */
  readonly isFast: boolean;
}

/** What Discord says. */
export interface DiscordFacts {
  readonly user: Answer<{ readonly id: string; readonly name: string }>;
  /** `null`: not asked, since Discord does not know the token. */
  readonly application: Answer<ApplicationFacts> | null;
  readonly gateway: Answer<GatewayInfo> | null;
  /** How far this computer's clock is ahead of Discord's, in ms; `null`: Discord did not say. */
  readonly aheadMs: number | null;
  readonly hello: Fact<HelloFacts> | null;
}

/** The bot's application. */
export interface ApplicationFacts {
  readonly flags: number;
  /** `null`: Discord did not say. */
  readonly guilds: number | null;
  /** By which what it POSTs is known, in hexadecimal; `null`: it did not say. */
  readonly publicKey: string | null;
  /** Where interactions are POSTed to; `null`: they come over the gateway. */
  readonly interactionsUrl: string | null;
}

/** A connection that Discord has greeted. */
export interface HelloFacts {
  readonly host: string;
  /** From the dial to the greeting. */
  readonly tookMs: number;
  readonly compression: Compression;
}

/** One server of NATS. */
export interface NatsFacts {
  readonly url: string;
  readonly server: Fact<{
    readonly version: string;
    /** Why nothing can be kept there, in words; `null`: it can. */
    readonly problem: string | null;
    /** Whether a fleet has been there. */
    readonly isKnown: boolean;
  }>;
}

/** One address of `EVENT_HANDLER_URL`, without what may be secret in it. */
export interface ConsumerFacts {
  readonly url: string;
  readonly reached: Fact<true>;
}

/** A module that a built-in cluster or a service runs. */
export interface BotFacts {
  readonly module: string;
  /** Why it cannot run; `null`: nothing speaks against it. */
  readonly problem: string | null;
}
