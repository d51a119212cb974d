/**
 * What has changed from one assignment to the next, in words for the log.
 *
 * @module
 */

import type { Assignment, TotalShares } from "../../protocol/fleet.ts";
import { rangesText } from "../../protocol/ids.ts";
import type { LogFields } from "../../ports/log.ts";

/** A line for the log. */
export interface Line {
  readonly event: string;
  readonly fields: LogFields;
}

/**
 * Says what is another than before: which shards others have now, which are to move, and that no more are.
 *
 * @example
 * ```ts
 * import { courseOf } from "./course.ts";
 * const before = { epoch: 1, stream: "s", services: {}, clusters: {}, totals: [
 *   { total: 3, owners: ["a", "a", "b"], moves: new Map() },
 * ] };
 * const after = { ...before, totals: [{ total: 3, owners: ["a", "a", "a"], moves: new Map() }] };
 * console.assert(courseOf(before, after)[0]!.fields["b → a"] === "2");
 * ```
 */
export function courseOf(before: Assignment, after: Assignment): Line[] {
  const lines = after.totals.flatMap((shares) =>
    sharesCourse(before.totals.find(({ total }) => total === shares.total), shares)
  );
  for (const { total } of before.totals) {
    if (after.totals.every((shares) => shares.total !== total)) {
      lines.push({ event: "total is given up", fields: { total } });
    }
  }
  const moved = Object.entries(after.services).flatMap(([service, unit]) =>
    before.services[service] === unit ? [] : [[service, unit] as const]
  );
  if (moved.length > 0) {
    lines.push({ event: "services run on other units", fields: Object.fromEntries(moved) });
  }
  return lines;
}

function sharesCourse(before: TotalShares | undefined, after: TotalShares): Line[] {
  const { total, owners, moves } = after;
  const was = (id: number) => before?.owners[id] ?? null;
  const given = owners.flatMap((unit, id): Way[] => {
    if (unit === null || unit === was(id)) return [];
    return [{ from: was(id) ?? "nobody", to: unit, id }];
  });
  const begun = [...moves].flatMap(([id, to]): Way[] =>
    before?.moves.get(id) === to ? [] : [{ from: owners[id] ?? "nobody", to, id }]
  );
  const lines: Line[] = [];
  if (given.length > 0) {
    lines.push({ event: "shards have other owners", fields: { total, ...waysText(given) } });
  }
  if (begun.length > 0) {
    lines.push({ event: "shards are to move", fields: { total, ...waysText(begun) } });
  }
  if (moves.size === 0 && before && before.moves.size > 0) {
    lines.push({ event: "all shards are where they are to be", fields: { total } });
  }
  return lines;
}

interface Way {
  readonly from: string;
  readonly to: string;
  readonly id: number;
}

function waysText(ways: readonly Way[]): Record<string, string> {
  const groups = Map.groupBy(ways, ({ from, to }) => `${from} → ${to}`);
  return Object.fromEntries(
    [...groups].map(([way, each]) => [
      way,
      rangesText(each.map(({ id }) => id), ","),
    ]),
  );
}
