/**
 * The ledger of one connection's heartbeats: when to beat, when the connection is dead.
 * See [Discord Docs/Sending Heartbeats](https://discord.com/developers/docs/events/gateway#sending-heartbeats).
 *
 * Pure: the shell keeps the timer.
 *
 * @module
 */

/** Beats without an answer after which even a connection that still sends events is dead. */
const MOST_UNANSWERED = 3;

/** One connection's beats. Replaced, never changed. */
export interface Heartbeat {
  readonly intervalMs: number;
  /** When the last beat went out; `null` before the first. */
  readonly sentMs: number | null;
  /** Beats since the last ACK. */
  readonly unanswered: number;
  /** Whether anything came in since the last beat: an ACK can wait behind a flood of events. */
  readonly heard: boolean;
  /** Round trip of the last beat that was answered. */
  readonly latencyMs: number | null;
}

/** The ledger of a connection that has just got HELLO. */
export function newHeartbeat(intervalMs: number): Heartbeat {
  return { intervalMs, sentMs: null, unanswered: 0, heard: true, latencyMs: null };
}

/**
 * A beat is due: the ledger after it, or `"zombie"` when the one before went unanswered and nothing
 * else came in, or when several in a row went unanswered whatever came in.
 */
export function beat(heartbeat: Heartbeat, nowMs: number): Heartbeat | "zombie" {
  const { unanswered, heard } = heartbeat;
  if (unanswered >= MOST_UNANSWERED || (unanswered > 0 && !heard)) return "zombie";
  return { ...heartbeat, sentMs: nowMs, unanswered: unanswered + 1, heard: false };
}

/** An ACK came. */
export function acknowledged(heartbeat: Heartbeat, nowMs: number): Heartbeat {
  const { sentMs, unanswered } = heartbeat;
  const latencyMs = sentMs === null || unanswered === 0 ? heartbeat.latencyMs : nowMs - sentMs;
  return { ...heartbeat, unanswered: 0, heard: true, latencyMs };
}
