/**
 * A unit that does nothing, and a dashboard that watches it in virtual time. Not a test.
 *
 * @module
 */

import { Dashboard } from "../../../dashboard/dashboard.ts";
import type { UnitCounts, WatchedUnit } from "../../../dashboard/watched.ts";
import type { DashboardAct, DashboardChange, DashboardView } from "../../../dashboard/words.ts";
import { type LogFields, type LogLevel, logTo } from "../../../ports/log.ts";
import { shardText } from "../../../protocol/ids.ts";
import type { Snapshot } from "../../../protocol/status.ts";
import { createVirtualClock } from "../../../sim/mod.ts";
import { snapshot } from "../snapshots.ts";

/** The secret of the unit, where it has one. */
export const SECRET = "the unit's secret";
/** How its page is reached. */
export const HERE = "http://127.0.0.1:8787";

/** What the page is told first. */
export interface Told {
  readonly event: string;
  // deno-lint-ignore no-explicit-any -- whatever the page gets
  readonly data: any;
}

/** Makes both; what is in `world` may be changed at any time. */
export function watchedUnit({ secret = null as string | null, address = `${HERE}/` } = {}) {
  const clock = createVirtualClock();
  const lines: [LogLevel, string, LogFields][] = [];
  const world = {
    snapshot: snapshot(),
    refusal: null as string | null,
    reasons: [] as string[],
    figures: { clusters: {}, services: {} } as Awaited<ReturnType<WatchedUnit["figures"]>>,
    asked: 0,
    acts: [] as DashboardAct[],
    failure: null as Error | null,
  };
  const dashboard = new Dashboard({
    clock,
    log: logTo((...line) => lines.push(line)),
    unit: {
      version: "1.2.3",
      get totalShards() {
        return world.snapshot.totalShards;
      },
      counts: () => countsOf(world.snapshot),
      get snapshot() {
        return world.snapshot;
      },
      standing: () => ({ ready: world.reasons.length === 0, reasons: world.reasons, warnings: [] }),
      identifySpacingMs: 5_000,
      figures() {
        world.asked++;
        return Promise.resolve(world.figures);
      },
      act(request) {
        world.acts.push(request);
        if (world.failure) throw world.failure;
      },
    },
    refusalOf: () => world.refusal,
    hasSecret: () => secret !== null,
    isSecret: (text) => text === secret,
    addressOf: () => address,
    callerOf: (_, peer) => peer,
    port: () => "8787",
  });
  const ask = (path: string, init: RequestInit & { peer?: string } = {}) =>
    dashboard.answer(new Request(`${HERE}${path}`, init), init.peer ?? "127.0.0.1");
  return {
    clock,
    world,
    lines,
    dashboard,
    ask,
    /** As a page of ours posts. */
    post: (path: string, body: unknown, headers: Record<string, string> = {}, peer?: string) =>
      ask(path, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { origin: HERE, ...headers },
        ...peer !== undefined && { peer },
      }),
  };
}

/** Reads events as they come; `null`: the stream has ended. */
export function eventsOf(
  answer: Response,
): { next(): Promise<Told | null>; leave(): Promise<void> } {
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    async next() {
      while (!text.includes("\n\n")) {
        const { value, done } = await reader.read();
        if (done) return null;
        text += value;
      }
      const [first = "", ...others] = text.split("\n\n");
      text = others.join("\n\n");
      const [, event = "", data = ""] = /^event: (\w+)\ndata: (.*)$/.exec(first) ?? [];
      return { event, data: JSON.parse(data) };
    },
    leave: () => reader.cancel(),
  };
}

/** What a page has that began with this view and was told these changes, as `words.ts` says. */
export function pageOf(view: DashboardView, changes: readonly DashboardChange[]): DashboardView {
  return changes.reduce(
    (page, { shards = [], goneShards = [], incidents = [], moment, ...parts }) => {
      const known = new Map([...page.shards, ...shards].map((shard) => [shard.key, shard]));
      for (const key of goneShards) known.delete(key);
      return {
        ...page,
        ...parts,
        shards: [...known.values()].sort((a, b) =>
          a.totalShards - b.totalShards || a.shardId - b.shardId
        ),
        incidents: [...incidents, ...page.incidents].slice(0, 200),
        history: { ...page.history, moments: [...page.history.moments, moment].slice(-600) },
      };
    },
    view,
  );
}

/** What is counted of the shards of a snapshot. */
export function countsOf({ shards, rest }: Pick<Snapshot, "shards" | "rest">): UnitCounts {
  return {
    shards: shards.map((shard) => ({
      key: shardText(shard),
      serves: shard.role === "serves",
      received: shard.counters?.received ?? 0,
      queued: shard.counters?.queued ?? 0,
      latencyMs: shard.counters?.latencyMs ?? null,
    })),
    rest,
  };
}
