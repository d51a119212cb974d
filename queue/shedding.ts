/**
 * Which events go when there is no room left: pure. Every one that goes is told by a GAP that stands
 * in its place.
 *
 * @module
 */

import { readEnvelope } from "../protocol/discord/envelope.ts";
import { type EventRecord, type Gap, gapRecord, readGap, RECORD } from "../protocol/event_frame.ts";

/**
 * `QUEUE_OVERFLOW`: `drop-cheap` lets TYPING_START and PRESENCE_UPDATE go first, and others, oldest
 * first, only when that is not enough; `drop-oldest` makes no difference between events.
 */
export type Overflow = "drop-cheap" | "drop-oldest";

/** What is left, and how many events are not. */
export interface Shed {
  readonly kept: EventRecord[];
  readonly dropped: number;
  /** Where they were. */
  readonly gone: readonly Stretch[];
}

/** Cursors of one shard that follow each other in its queue. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Events that the next one of their kind replaces. */
const CHEAP: ReadonlySet<string | null> = new Set(["TYPING_START", "PRESENCE_UPDATE"]);
const REASON = "the queue is full: raise QUEUE_MEMORY_BYTES or QUEUE_DISK_BYTES, " +
  "or let the bot read faster";
/** What a record costs beside its bytes: the object, the view, the slot. */
const RECORD_OVERHEAD_BYTES = 128;
/** A GAP of ours takes at most this. */
const GAP_BYTES = RECORD_OVERHEAD_BYTES + REASON.length + 90;

/** Memory that a record takes. */
export function keptBytes(record: EventRecord): number {
  return RECORD_OVERHEAD_BYTES + record.body.length;
}

/**
 * Frees `bytes` of `records`, which are one shard's, in order: a little more where that divides no
 * record, less where there is not so much. Neighbours that go share one GAP, as does a GAP that was
 * there before.
 */
export function shed(
  records: readonly EventRecord[],
  bytes: number,
  overflow: Overflow = "drop-oldest",
): Shed {
  if (overflow === "drop-oldest") return drop(records, bytes, () => true);
  const cheap = drop(records, bytes, isCheap);
  const missing = bytes - (total(records) - total(cheap.kept));
  if (missing <= 0) return cheap;
  const rest = drop(cheap.kept, missing, () => true);
  return {
    kept: rest.kept,
    dropped: cheap.dropped + rest.dropped,
    gone: [...cheap.gone, ...rest.gone],
  };
}

function drop(
  records: readonly EventRecord[],
  bytes: number,
  mayGo: (record: EventRecord) => boolean,
): Shed {
  const kept: EventRecord[] = [];
  const gone: Stretch[] = [];
  let freed = 0;
  let dropped = 0;
  /** Neighbours: events that go, and GAPs, which stay as they are where no event goes. */
  let run: EventRecord[] = [];
  let runDropped = 0;
  let runBytes = 0;
  const runFrees = () => runDropped > 0 ? runBytes - GAP_BYTES : 0;
  const endRun = () => {
    freed += runFrees();
    dropped += runDropped;
    if (runDropped > 0) {
      kept.push(gapOf(run));
      gone.push({ from: run[0]!.cursor, to: run.at(-1)!.cursor });
    } else for (const gap of run) kept.push(gap);
    run = [];
    runDropped = runBytes = 0;
  };
  for (const record of records) {
    const isEvent = isDispatch(record);
    if (isEvent && (freed + runFrees() >= bytes || !mayGo(record))) {
      endRun();
      kept.push(record);
      continue;
    }
    run.push(record);
    runBytes += keptBytes(record);
    if (isEvent) runDropped++;
  }
  endRun();
  return { kept, dropped, gone };
}

/** One GAP for neighbours. What an earlier one did not know stays unknown. */
function gapOf(run: readonly EventRecord[]): EventRecord {
  const gaps = run.filter((record) => record.kind === RECORD.GAP).map(readGap);
  const [first] = run;
  const from = first!.kind === RECORD.GAP ? readGap(first!).from : first!.cursor;
  const counts = gaps.map((gap) => gap.count);
  const events = run.length - gaps.length;
  const gap: Gap = {
    from: gaps.some((each) => each.from === null) ? null : from,
    to: run.at(-1)!.cursor,
    count: counts.includes(null) ? null : counts.reduce<number>((sum, n) => sum + n!, events),
    reason: REASON,
  };
  return gapRecord(first!.shardId, gap);
}

function isDispatch(record: EventRecord): boolean {
  return record.kind === RECORD.DISPATCH;
}

/** What cannot be read is as dear as any. */
function isCheap(record: EventRecord): boolean {
  return isDispatch(record) && CHEAP.has(nameOf(record));
}

function nameOf({ body }: EventRecord): string | null {
  try {
    return readEnvelope(body).t;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function total(records: readonly EventRecord[]): number {
  return records.reduce((sum, record) => sum + keptBytes(record), 0);
}
