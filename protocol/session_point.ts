/**
 * Where a session can be picked up again: what is written down, handed to a new worker, resumed from.
 *
 * @module
 */

/**
 * A point of a session. All of it is kept and replaced together.
 *
 * `seq` is that of the last event **acknowledged by the bot**, not of the last received: Discord
 * replays what the bot has not confirmed. The cursor of an event is `base + s`, so that a replayed
 * event has the cursor that it had before. See "Sequence numbers" in `docs/protocols.md`.
 */
export interface SessionPoint {
  readonly shardId: number;
  readonly totalShards: number;
  readonly intents: number;
  readonly sessionId: string;
  /** Host to resume on, as READY gave it (no query). */
  readonly resumeUrl: string;
  /** Sequence number to resume after. */
  readonly seq: number;
  /** What is added to `s` to make an event's cursor. */
  readonly base: number;
}

/** Whether a saved point can be resumed by this shard: same count, same intents. */
export function canResume(
  point: SessionPoint,
  shard: { shardId: number; totalShards: number; intents: number },
): boolean {
  return point.shardId === shard.shardId && point.totalShards === shard.totalShards &&
    point.intents === shard.intents;
}

/** A point read from outside; `undefined` where a field is missing or of another kind. */
export function parseSessionPoint(value: unknown): SessionPoint | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const point = value as Record<string, unknown>;
  const { shardId, totalShards, intents, sessionId, resumeUrl, seq, base } = point;
  if (![shardId, totalShards, intents, seq, base].every(isCount)) return undefined;
  if (typeof sessionId !== "string" || typeof resumeUrl !== "string") return undefined;
  return { shardId, totalShards, intents, sessionId, resumeUrl, seq, base } as SessionPoint;
}

/** Whether a value read from outside is a number to count with: whole, and not below 0. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
