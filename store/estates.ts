/**
 * The estates of all shards of a unit, and the one writer of their files. Of each shard two parts are
 * written down: what seldom changes (its session, its guilds, what READY told) in a file of its own,
 * and its point (a few numbers that change with every acknowledgement) in `estates`, which holds those
 * of all shards and says which shards there are. What the bot shows itself as is in `presences`, for
 * all shards: it may change on all of them every minute, and guilds are long.
 *
 * The files of a moment are written before its points: whatever is killed between two writes leaves
 * points that are not newer than the guilds they belong to. A file that is newer than its point does
 * no harm, because Discord replays what came in between.
 *
 * @module
 */

import type { Cancel, Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Store } from "../ports/store.ts";
import { messageOf } from "../protocol/errors.ts";
import {
  besideOf,
  canResume,
  type Estate,
  heirOf,
  joined,
  NO_ESTATE,
  withCursor,
} from "../protocol/estate.ts";
import { parseShardKey, type ShardKey, type ShardKeyText, shardKeyText } from "../protocol/ids.ts";
import { isRecord } from "../protocol/record.ts";
import {
  estateAt,
  highestOf,
  lastOfEachId,
  overPoint,
  parsePoints,
  type Point,
  pointOf,
  sessionsIn,
} from "./estate_points.ts";
import { fileOf, isFiledSame, isSame, writeFiles } from "./estate_files.ts";
import { EstateWatchers } from "./estate_watchers.ts";
import { type OldState, readOldState } from "./old_state.ts";
import { Presences } from "./presences.ts";

/** What changes is written down this long after the first change, at the latest. */
const SAVE_AFTER_MS = 500;
/** Name of the file with the points. */
const POINTS = "estates";

/** What keeping estates takes. */
export interface EstatesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Name of a numbering of cursors, for a unit that has none. */
  readonly newStream: string;
}

/** The estates of a unit. */
export class Estates {
  readonly #options: EstatesOptions;
  readonly #estates = new Map<ShardKeyText, Estate>();
  /** Shards whose files are not as their estates are. */
  readonly #unsaved = new Set<ShardKeyText>();
  readonly #watchers = new EstateWatchers();
  #stream: string;
  /** A session with others cannot be resumed. */
  #wanted = { intents: 0, isWhole: false };
  /** Shards that were given up: of them only `highest` is left. */
  readonly #over = new Set<ShardKeyText>();
  /** Those whose files are still there. */
  readonly #leftOver = new Set<ShardKeyText>();
  /** Those that went to another unit, and whose points are still on disk. */
  readonly #released = new Set<ShardKeyText>();
  /** The points on disk, also those of shards that nobody runs now. */
  #points = new Map<ShardKeyText, Point>();
  #presences: Presences;
  /** Files of an earlier version, which count until what they hold is written anew. */
  #old: readonly string[] = [];
  #cancelSave: Cancel | null = null;
  #turn: Promise<void> = Promise.resolve();
  /** The write that waits for its turn. */
  #next: Promise<void> | null = null;
  #isClosed = false;

  /** Of a unit that never lived; {@linkcode Estates.open} gives what an earlier life has left. */
  constructor(options: EstatesOptions) {
    this.#options = options;
    this.#stream = options.newStream;
    this.#presences = new Presences(options.store);
  }

  /** Reads what an earlier life wrote down, in whichever version. */
  static async open(options: EstatesOptions): Promise<Estates> {
    const { store } = options;
    const estates = new Estates(options);
    const saved = await store.load(POINTS);
    const old = await readOldState(store);
    estates.#presences = await Presences.load(store);
    if (isRecord(saved) && typeof saved.stream === "string") {
      estates.#stream = saved.stream;
      estates.#points = parsePoints(saved.shards);
      for (const [text, { isOver }] of estates.#points) if (isOver) estates.#over.add(text);
      await estates.#remove(old?.names ?? []);
    } else if (old) await estates.#convert(old);
    return estates;
  }

  /** Name of the numbering that the cursors belong to; estates that are lost begin another. */
  get stream(): string {
    return this.#stream;
  }

  /**
   * Takes up the shards of a total. A session goes on where its shard is the last that ran under its
   * id, with the same intents wanted; one that lacks some of them, because Discord refused them, only
   * without `isWhole`. After a shard of another total its heir goes on with its cursors. What is not taken
   * up stays as it is until a new session takes its place: a setting that was wrong for
   * a minute has cost nothing. Shards that the unit does not run are none of its business.
   *
   * @param mayInherit Whether those of another total may have lived last; else nobody is an heir.
   */
  async begin(
    total: number,
    shardIds: readonly number[],
    intents: number,
    isWhole: boolean = false,
    mayInherit: boolean = true,
  ): Promise<void> {
    this.#wanted = { intents, isWhole };
    const last = mayInherit ? lastOfEachId(this.#points, total) : this.#leftOf(total);
    await this.#takeUp(total, last.filter(({ id }) => shardIds.includes(id)));
    // Of a shard that has only asked for a presence, was given up, or whose other files are lost.
    for (const id of shardIds) {
      const key = shardKeyText({ total, id });
      const presence = this.#presences.of(key);
      const highest = this.#points.get(key)?.highest ?? null;
      // Its file may still tell of a session that was ended.
      if (this.#over.delete(key)) this.#unsaved.add(key);
      if (this.#estates.has(key) || (highest ?? presence) === null) continue;
      this.#estates.set(key, { ...NO_ESTATE, highest, presence });
    }
  }

  /** Takes up the shards of totals that lived side by side: each goes on by itself, nobody is an heir. */
  async goOn(totals: readonly number[], intents: number, isWhole: boolean = false): Promise<void> {
    this.#wanted = { intents, isWhole };
    const left = [...this.#points.keys()].filter((text) => !this.#over.has(text));
    const keys = left.map((text) => parseShardKey(text)!);
    for (const total of totals) {
      await this.#takeUp(
        total,
        keys.filter((key) => key.total === total),
      );
    }
  }

  /** Whether a shard was given up, and has not come up since. */
  isOver(key: ShardKey): boolean {
    return this.#over.has(shardKeyText(key));
  }

  /** Total → how many of its shards had a session when that was written down last. */
  get sessions(): Map<number, number> {
    return sessionsIn(this.#points);
  }

  /**
   * A shard comes up beside those that have its guilds now: {@linkcode besideOf}. What it was before it was
   * given up is forgotten.
   */
  rise(key: ShardKey, parents: readonly ShardKey[]): void {
    const text = shardKeyText(key);
    const known = this.#estates.get(text);
    const isUp = !this.#over.has(text) && known !== undefined && known.highest !== null;
    const estates = parents.map((parent) => this.of(parent));
    const highest = highestOf(key.id, [...this.#points, ...this.#estates]);
    this.change(key, () => besideOf(isUp ? known : null, highest, estates));
    this.#over.delete(text);
    // Its file may still tell of a session that was ended.
    if (this.#leftOver.delete(text)) this.#unsaved.add(text);
  }

  /** A shard is given up: all that is left of it is how far its cursors have come. */
  forget(key: ShardKey): void {
    const text = shardKeyText(key);
    const highest = this.#estates.get(text)?.highest ?? this.#points.get(text)?.highest ?? null;
    this.#over.add(text);
    this.#leftOver.add(text);
    this.change(key, () => ({ ...NO_ESTATE, highest }));
    this.#unsaved.delete(text);
    if (!this.#isClosed) this.#saveAfter(SAVE_AFTER_MS);
  }

  /** All shards of a total are given up, whenever they lived. */
  forgetAll(total: number): void {
    for (const text of new Set([...this.#estates.keys(), ...this.#points.keys()])) {
      const key = parseShardKey(text)!;
      if (key.total === total && !this.#over.has(text)) this.forget(key);
    }
  }

  /** The estate of a shard, with its session where that can be resumed. */
  of(key: ShardKey): Estate {
    const estate = this.#kept(key);
    const { session } = estate;
    const shard = { shardId: key.id, totalShards: key.total, ...this.#wanted };
    return session === null || canResume(session, shard) ? estate : { ...estate, session: null };
  }

  /**
   * Changes the estate of a shard; it is on disk half a second later, or told in the log. A session that
   * began is written at once: without it, whoever comes after a `kill -9` has to identify.
   */
  change(key: ShardKey, step: (estate: Estate) => Estate): void {
    const text = shardKeyText(key);
    const before = this.#kept(key);
    const after = step(before);
    if (isSame(before, after)) return;
    this.#estates.set(text, after);
    this.#presences.set(text, after.presence);
    if (!isFiledSame(before, after)) this.#unsaved.add(text);
    this.#watchers.tell(key);
    const hasBegun = after.session !== null &&
      after.session.sessionId !== before.session?.sessionId;
    if (!this.#isClosed) this.#saveAfter(hasBegun ? 0 : SAVE_AFTER_MS);
  }

  /** Has `changed` called with each shard whose estate has changed, until cancelled. */
  watch(changed: (key: ShardKey) => void): Cancel {
    return this.#watchers.watch(changed);
  }

  /** Goes by others' numbering, before any shard is taken up: what was kept in another is forgotten. */
  follow(stream: string): void {
    if (stream === this.#stream) return;
    this.#stream = stream;
    const left = [...this.#points.keys()].map((text) => parseShardKey(text)!);
    for (const key of left) this.release(key);
  }

  /** A shard comes from another unit with its estate, which is on disk soon; what was left of it here is forgotten. */
  adopt(key: ShardKey, estate: Estate): void {
    const text = shardKeyText(key);
    for (const gone of [this.#over, this.#released, this.#leftOver]) gone.delete(text);
    this.#unsaved.add(text);
    this.change(key, () => estate);
  }

  /** A shard goes to another unit: nothing is left of it here. */
  release(key: ShardKey): void {
    const text = shardKeyText(key);
    const isKnown = this.#estates.delete(text);
    if (!this.#points.delete(text) && !isKnown) return;
    for (const each of [this.#over, this.#unsaved]) each.delete(text);
    this.#released.add(text);
    this.#leftOver.add(text);
    this.#presences.set(text, null);
    if (!this.#isClosed) this.#saveAfter(SAVE_AFTER_MS);
  }

  /** What `read` finds in an estate once that is not `null`; rejects with the signal's reason when that is first. */
  until<Found>(
    key: ShardKey,
    read: (estate: Estate) => Found | null,
    signal: AbortSignal,
  ): Promise<Found> {
    return this.#watchers.until(() => read(this.of(key)), signal);
  }

  /** Resolves when everything of this moment is written down, or the log says why it is not. */
  saved(): Promise<void> {
    return this.#isClosed ? this.#turn : this.#save();
  }

  /** Writes down what is not, and nothing after that. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelSave?.();
    return this.#save();
  }

  #kept(key: ShardKey): Estate {
    return this.#estates.get(shardKeyText(key)) ?? NO_ESTATE;
  }

  /** Shards of a total that lived and were not given up. */
  #leftOf(total: number): ShardKey[] {
    const left = [...this.#points.keys()].filter((text) => !this.#over.has(text));
    return left.map((text) => parseShardKey(text)!).filter((key) => key.total === total);
  }

  async #takeUp(total: number, last: readonly ShardKey[]): Promise<void> {
    let [usable, other] = [0, 0];
    for (const left of last) {
      const key = { total, id: left.id };
      const text = shardKeyText(key);
      const estate = await this.#load(left);
      const own = left.total === total ? estate : heirOf(estate);
      // What it gave out itself counts as well: it may have been given up since.
      this.#estates.set(text, withCursor(own, this.#points.get(text)?.highest ?? 0));
      this.#presences.set(text, estate.presence);
      if (this.of(key).session) usable++;
      else if (estate.session) other++;
    }
    const { log } = this.#options;
    if (usable > 0) log.info("sessions of an earlier run are resumed", { sessions: usable });
    if (other > 0) {
      log.warn("sessions of an earlier run cannot be resumed: other shard count or intents", {
        sessions: other,
      });
    }
  }

  #saveAfter(ms: number): void {
    if (ms === 0) this.#cancelSave?.();
    else if (this.#cancelSave) return;
    this.#cancelSave = this.#options.clock.after(ms, () => {
      this.#cancelSave = null;
      this.#save();
    });
  }

  /** One write after another, each of one moment; those that wait for their turn are one. */
  #save(): Promise<void> {
    return this.#next ??= this.#turn = this.#turn.then(() => {
      this.#next = null;
      return this.#write();
    }).catch((error) =>
      this.#options.log.error("session points were not saved", { error: messageOf(error) })
    );
  }

  async #write(): Promise<void> {
    const moment = new Map(this.#estates);
    const unsaved = [...this.#unsaved].map((key) => [key, moment.get(key)!] as const);
    this.#unsaved.clear();
    const failed = await writeFiles(this.#options.store, this.#stream, unsaved);
    for (const key of failed.keys()) this.#unsaved.add(key);
    const [failure] = failed.values();
    // Until all of it is converted, the next life reads what the earlier version left.
    if (failed.size > 0 && this.#old.length > 0) throw failure;
    const points = new Map(this.#points);
    for (const [key, estate] of moment) {
      if (estate.highest === null) continue;
      const point = pointOf(estate);
      // Cursors grow whatever becomes of the file; the session is the one that it tells of.
      const session = failed.has(key) ? this.#points.get(key)?.session ?? null : point.session;
      points.set(key, this.#over.has(key) ? overPoint(estate.highest) : { ...point, session });
    }
    const released = [...this.#released];
    for (const key of released) points.delete(key);
    const shards = Object.fromEntries(points);
    await this.#options.store.save(POINTS, { stream: this.#stream, shards });
    this.#points = points;
    // One that went meanwhile has its turn with the next write.
    for (const key of released) this.#released.delete(key);
    await this.#remove(this.#old);
    this.#old = [];
    await this.#removeLeftOver();
    await this.#presences.save();
    if (failed.size > 0) throw failure;
  }

  /** The points say already that nobody comes after these shards. */
  async #removeLeftOver(): Promise<void> {
    const keys = [...this.#leftOver];
    this.#leftOver.clear();
    await this.#remove(keys.map(fileOf));
  }

  async #load(key: ShardKey): Promise<Estate> {
    const text = shardKeyText(key);
    const known = this.#estates.get(text);
    if (known) return known;
    const file = await this.#options.store.load(fileOf(text));
    // Cursors of another numbering would mark the wrong events.
    const isOurs = isRecord(file) && file.stream === this.#stream;
    const parts = { ...(isOurs ? file : {}), presence: this.#presences.of(text) };
    return estateAt(this.#points.get(text)!, parts);
  }

  async #convert({ stream, estates, names }: OldState): Promise<void> {
    this.#stream = stream;
    this.#old = names;
    for (const [key, estate] of estates) {
      this.#estates.set(key, joined(estate));
      this.#points.set(key, pointOf(joined(estate)));
      this.#unsaved.add(key);
    }
    await this.#save();
  }

  async #remove(names: readonly string[]): Promise<void> {
    for (const name of names) await this.#options.store.remove(name);
  }
}
