/**
 * The words of the table of lots: states, inputs, effects.
 *
 * @module
 */

import type { LotPhase } from "../../../protocol/reshard.ts";

/** Which way a lot goes: to the total that is gone to, or `back` to the one that was left. */
export type Way = "there" | "back";

/**
 * A lot at one moment. Of the two totals the **old** one is that which the lot comes from on its way, the **new** one
 * that which it goes to.
 */
export interface State {
  readonly kind: LotPhase;
  readonly way: Way;
  /** It is to go the other way once what cannot be stopped is done. */
  readonly isTurned: boolean;
  /** In a person's words: what it waits for. */
  readonly reason: string;
}

/** What happens to a lot. */
export type Input =
  /** It is its turn. */
  | { readonly kind: "begin" }
  /** All shards of both totals are ready, the guilds of the new ones have loaded. */
  | { readonly kind: "whole" }
  /** A shard of it lost its connection, or its worker. */
  | { readonly kind: "broken"; readonly reason: string }
  /** The new shards are whole, and the old ones have stopped for good: there is nothing to compare with. */
  | { readonly kind: "alone" }
  /** Both totals have been compared for long enough, and the bot keeps up. */
  | { readonly kind: "armed" }
  /** What came meanwhile says that they were not compared for long enough. */
  | { readonly kind: "doubted" }
  /** Where the new shards go on is known, and everybody is done with what the old ones have served. */
  | { readonly kind: "cut" }
  /** It is written down. */
  | { readonly kind: "written" }
  /** Nothing can be written down just now, or it surely was not. */
  | { readonly kind: "shut"; readonly reason: string }
  /** Another unit is to go on with it. */
  | { readonly kind: "left" }
  /** It may not have been written down. */
  | { readonly kind: "unwritten"; readonly reason: string }
  /** The old shards are gone. */
  | { readonly kind: "ended" }
  /** Some of them may not be. */
  | { readonly kind: "unended"; readonly reason: string }
  /** The reshard is to go the other way: it was cancelled, or failed. */
  | { readonly kind: "turn" };

/** The input of one kind. */
export type InputOf<Kind extends Input["kind"]> = Extract<Input, { kind: Kind }>;

/** What is to be done. */
export type Effect =
  /** Bring the new shards up: they rise. */
  | { readonly do: "raise" }
  /** Have both sides tell what they see, and compare from now on. */
  | { readonly do: "compare" }
  /** What the old shards see is of no use any more. */
  | { readonly do: "stop comparing" }
  /** Have the old shards serve nothing that comes from now on. */
  | { readonly do: "hold" }
  /** Have them go on with what they kept. */
  | { readonly do: "lift" }
  /** Write down that the new shards serve. Answered by `written` or `unwritten`. */
  | { readonly do: "write"; readonly isAgain: boolean }
  /** Have the new shards serve. */
  | { readonly do: "serve" }
  /** End the old shards. Answered by `ended` or `unended`. */
  | { readonly do: "end"; readonly isAgain: boolean };

/** A state and what entering it asks for. */
export type Step = readonly [State, ...Effect[]];
