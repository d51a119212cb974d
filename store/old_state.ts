/**
 * The state of a unit as versions up to e038c8e left it, in four kinds of files: `sessions`, `away`
 * (marks), `guilds-<shard>` and `facts`, all by bare shard ids. It is read once; `estates.ts` is what
 * there is now.
 *
 * @module
 */

import type { Store } from "../ports/store.ts";
import { type Estate, parseEstate } from "../protocol/estate.ts";
import { type ShardKeyText, shardKeyText } from "../protocol/ids.ts";
import { isCount, isRecord } from "../protocol/record.ts";

/** What was found. */
export interface OldState {
  /** Name of the numbering that the cursors belong to. */
  readonly stream: string;
  readonly estates: ReadonlyMap<ShardKeyText, Estate>;
  /** Files that are of no use any more once this is written down, in the order to remove them in. */
  readonly names: readonly string[];
}

/** Reads it; `null` where there is none. Without `sessions` nothing else counted. */
export async function readOldState(store: Store): Promise<OldState | null> {
  const sessions = fields(await store.load("sessions"));
  const { stream } = sessions;
  if (typeof stream !== "string") return null;
  const marks = fields(fields(await store.load("away")).shards);
  const facts = fields(await store.load("facts"));
  const estates = new Map<ShardKeyText, Estate>();
  const guildFiles: string[] = [];
  for (const [shardId, value] of Object.entries(fields(sessions.shards))) {
    if (!/^\d{1,9}$/.test(shardId)) continue;
    guildFiles.push(`guilds-${shardId}`);
    if (neverLived(fields(value))) continue;
    const estate = parseEstate({
      ...fields(value),
      guilds: await store.load(`guilds-${shardId}`),
      marks: list(marks[shardId]).map((each) => {
        const [cursor, mark, atMs] = list(each);
        return { cursor, mark, atMs };
      }),
      facts: fields(facts.shards)[shardId],
    });
    // A shard without a session did not say of how many it is one.
    const total = estate.session?.totalShards ??
      (isCount(facts.totalShards) ? facts.totalShards : 0);
    const isOfFacts = facts.totalShards === total;
    const key = shardKeyText({ total, id: Number(shardId) });
    estates.set(key, isOfFacts ? estate : { ...estate, facts: null });
  }
  return { stream, estates, names: [...guildFiles, "away", "facts", "sessions"] };
}

/** A shard that was stopped before it had a session was written down all the same. */
function neverLived({ session, acknowledged, highest }: Record<string, unknown>): boolean {
  return session === null && acknowledged === 0 && highest === 0;
}

function fields(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
