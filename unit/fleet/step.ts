/**
 * What a unit of a fleet does with a shard, by what the assignment says of it and by how it stands here.
 *
 * | here    | the assignment: ours, stays | ours, to go to another | another's | nobody's |
 * | ------- | --------------------------- | ---------------------- | --------- | -------- |
 * | away    | take                        | take                   | –         | –        |
 * | held    | –                           | give                   | lose      | –        |
 * | given   | take                        | –                      | lose      | –        |
 * | lost    | lose                        | lose                   | lose      | –        |
 * | at work | when it is done, again                                                    ||||
 *
 * What is ours and was never taken up is taken before it is given: nobody else knows what this unit's disk has of it.
 *
 * @module
 */

import { type Assignment, nextIn, ownerIn } from "../../protocol/fleet.ts";
import type { ShardKey } from "../../protocol/ids.ts";

/**
 * How a shard stands in a unit; `given`: another has all of it, and the assignment does not say so yet; `lost`: another
 * has it, and what is left of it here was not put away yet.
 */
export type Standing =
  | { readonly is: "away" }
  | { readonly is: "lost" }
  | { readonly is: "held" }
  | { readonly is: "given"; readonly to: string };

/** Something to do. */
export type Task =
  | { readonly do: "take" }
  | { readonly do: "give"; readonly to: string }
  | { readonly do: "lose" };

/** A shard that is not here. */
export const AWAY: Standing = { is: "away" };
/** A shard that another unit has, and of which something is left here. */
export const LOST: Standing = { is: "lost" };
/** A shard that is here. */
export const HELD: Standing = { is: "held" };

/**
 * What is to be done; `null`: nothing.
 *
 * @example
 * ```ts
 * import { AWAY, taskOf } from "./step.ts";
 * const totals = [{ total: 2, owners: ["a", "b"], moves: new Map() }];
 * const assignment = { epoch: 1, stream: "s", totals, services: {}, clusters: {} };
 * console.assert(taskOf(assignment, "a", { total: 2, id: 0 }, AWAY)?.do === "take");
 * console.assert(taskOf(assignment, "a", { total: 2, id: 1 }, AWAY) === null);
 * ```
 */
export function taskOf(
  assignment: Assignment,
  self: string,
  shard: ShardKey,
  standing: Standing,
): Task | null {
  const owner = ownerIn(assignment, shard);
  // Nobody has taken its place: a leader who knows nothing yet must cost no shard.
  if (owner === null) return null;
  if (standing.is === "lost") return { do: "lose" };
  if (owner !== self) return standing.is === "away" ? null : { do: "lose" };
  if (standing.is === "away") return { do: "take" };
  const next = nextIn(assignment, shard);
  const to = next === self ? null : next;
  if (standing.is === "held") return to === null ? null : { do: "give", to };
  return to === standing.to ? null : { do: "take" };
}

/** Where what waits of a shard is that comes to a unit, as {@linkcode Holdings.take} has it. */
export interface Origin {
  readonly from: "given" | "dead";
  /** The unit that had it last; `null`: none that is known. */
  readonly by: string | null;
}

/**
 * Where a shard comes from.
 *
 * @param before The last assignment in which it was another's, as far as this life has seen one.
 * @param written The unit that has written its estate; `null`: none has.
 */
export function originOf(
  before: Assignment | null,
  self: string,
  members: readonly string[],
  shard: ShardKey,
  written: string | null,
): Origin {
  const by = (before && ownerIn(before, shard)) ?? written;
  if (by === null || by === self) return { from: "given", by };
  const wasToCome = before !== null && nextIn(before, shard) === self;
  return { from: wasToCome && members.includes(by) ? "given" : "dead", by };
}
