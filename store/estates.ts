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
  canResume,
  type Estate,
  heirOf,
  joined,
  NO_ESTATE,
  parseEstate,
  resumedAfter,
} from "../protocol/estate.ts";
import { isPresence, type Presence } from "../protocol/discord/presence.ts";
import { parseShardKey, type ShardKey, type ShardKeyText, shardKeyText } from "../protocol/ids.ts";
import { isCount, isRecord } from "../protocol/record.ts";
import { type OldState, readOldState } from "./old_state.ts";

/** What changes is written down this long after the first change, at the latest. */
const SAVE_AFTER_MS = 500;
/** Files that are written at once: each is open meanwhile. */
const FILES_AT_ONCE = 16;
/** Name of the file with the points. */
const POINTS = "estates";
/** Name of the file with the presences. */
const PRESENCES = "presences";

/** What keeping estates takes. */
export interface EstatesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Name of a numbering of cursors, for a unit that has none. */
  readonly newStream: string;
}

/** What of an estate changes all the time. */
interface Point extends Pick<Estate, "acknowledged" | "readers" | "marks"> {
  readonly highest: number;
  /** Of the session with this base; `null`: there is none. */
  readonly session: { readonly base: number; readonly seq: number } | null;
}

/** The estates of a unit. */
export class Estates {
  readonly #options: EstatesOptions;
  readonly #estates = new Map<ShardKeyText, Estate>();
  /** Shards whose files are not as their estates are. */
  readonly #unsaved = new Set<ShardKeyText>();
  readonly #watching = new Set<() => void>();
  #stream: string;
  /** A session with others cannot be resumed. */
  #wanted = { intents: 0, isWhole: false };
  /** The points on disk, also those of shards that nobody runs now. */
  #points = new Map<ShardKeyText, Point>();
  /** What the bot has set, also on shards that nobody runs now. */
  #presences = new Map<ShardKeyText, Presence>();
  #arePresencesSaved = true;
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
  }

  /** Reads what an earlier life wrote down, in whichever version. */
  static async open(options: EstatesOptions): Promise<Estates> {
    const { store } = options;
    const estates = new Estates(options);
    const saved = await store.load(POINTS);
    const old = await readOldState(store);
    estates.#presences = parsePresences(await store.load(PRESENCES));
    if (isRecord(saved) && typeof saved.stream === "string") {
      estates.#stream = saved.stream;
      estates.#points = parsePoints(saved.shards);
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
   */
  async begin(
    total: number,
    shardIds: readonly number[],
    intents: number,
    isWhole: boolean = false,
  ): Promise<void> {
    this.#wanted = { intents, isWhole };
    let [usable, other] = [0, 0];
    for (const last of this.#lastOfEachId(total).filter(({ id }) => shardIds.includes(id))) {
      const key = { total, id: last.id };
      const estate = await this.#load(last);
      this.#estates.set(shardKeyText(key), last.total === total ? estate : heirOf(estate));
      this.#notePresence(shardKeyText(key), estate);
      if (this.of(key).session) usable++;
      else if (estate.session) other++;
    }
    // Of a shard that has only asked for a presence, or whose other files are lost, there is nothing else.
    for (const id of shardIds) {
      const key = shardKeyText({ total, id });
      const presence = this.#presences.get(key);
      if (presence && !this.#estates.has(key)) this.#estates.set(key, { ...NO_ESTATE, presence });
    }
    const { log } = this.#options;
    if (usable > 0) log.info("sessions of an earlier run are resumed", { sessions: usable });
    if (other > 0) {
      log.warn("sessions of an earlier run cannot be resumed: other shard count or intents", {
        sessions: other,
      });
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
    this.#notePresence(text, after);
    if (!isFiledSame(before, after)) this.#unsaved.add(text);
    for (const look of [...this.#watching]) look();
    const hasBegun = after.session !== null &&
      after.session.sessionId !== before.session?.sessionId;
    if (!this.#isClosed) this.#saveAfter(hasBegun ? 0 : SAVE_AFTER_MS);
  }

  /** What `read` finds in an estate once that is not `null`; rejects with the signal's reason when that is first. */
  until<Found>(
    key: ShardKey,
    read: (estate: Estate) => Found | null,
    signal: AbortSignal,
  ): Promise<Found> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = read(this.of(key));
        if (found === null) return;
        this.#watching.delete(look);
        resolve(found);
      };
      this.#watching.add(look);
      look();
      signal.addEventListener("abort", () => {
        this.#watching.delete(look);
        reject(signal.reason);
      }, { once: true });
    });
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

  #notePresence(key: ShardKeyText, { presence }: Estate): void {
    if ((this.#presences.get(key) ?? null) === presence) return;
    if (presence) this.#presences.set(key, presence);
    else this.#presences.delete(key);
    this.#arePresencesSaved = false;
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
    const failed = await this.#writeFiles(moment);
    const [failure] = failed.values();
    // Until all of it is converted, the next life reads what the earlier version left.
    if (failed.size > 0 && this.#old.length > 0) throw failure;
    const points = new Map(this.#points);
    for (const [key, estate] of moment) {
      if (estate.highest === null) continue;
      const point = pointOf(estate);
      // Cursors grow whatever becomes of the file; the session is the one that it tells of.
      const session = failed.has(key) ? this.#points.get(key)?.session ?? null : point.session;
      points.set(key, { ...point, session });
    }
    const shards = Object.fromEntries(points);
    await this.#options.store.save(POINTS, { stream: this.#stream, shards });
    this.#points = points;
    await this.#remove(this.#old);
    this.#old = [];
    await this.#writePresences();
    if (failed.size > 0) throw failure;
  }

  async #writePresences(): Promise<void> {
    if (this.#arePresencesSaved) return;
    this.#arePresencesSaved = true;
    await this.#options.store.save(PRESENCES, Object.fromEntries(this.#presences)).catch(
      (error) => {
        this.#arePresencesSaved = false;
        throw error;
      },
    );
  }

  /** Gives the shards whose files could not be written, and why. */
  async #writeFiles(
    moment: ReadonlyMap<ShardKeyText, Estate>,
  ): Promise<Map<ShardKeyText, unknown>> {
    const failed = new Map<ShardKeyText, unknown>();
    const keys = [...this.#unsaved];
    this.#unsaved.clear();
    while (keys.length > 0) {
      const saves = keys.splice(0, FILES_AT_ONCE).map((key) => {
        const { session, guilds, facts } = moment.get(key)!;
        const file = { stream: this.#stream, session, guilds, facts };
        return this.#options.store.save(fileOf(key), file).catch((error) => {
          failed.set(key, error);
          this.#unsaved.add(key);
        });
      });
      await Promise.all(saves);
    }
    return failed;
  }

  async #load(key: ShardKey): Promise<Estate> {
    const text = shardKeyText(key);
    const known = this.#estates.get(text);
    if (known) return known;
    const file = await this.#options.store.load(fileOf(text));
    const point = this.#points.get(text)!;
    // Cursors of another numbering would mark the wrong events.
    const isOurs = isRecord(file) && file.stream === this.#stream;
    const found = isOurs ? { ...point, ...file } : { ...point, session: null };
    const estate = parseEstate({ ...found, presence: this.#presences.get(text) });
    const { session } = estate;
    const isOfPoint = session !== null && session.base === point.session?.base;
    const at = isOfPoint ? resumedAfter(session, point.session.seq) : session;
    return joined({ ...estate, session: at });
  }

  /** The shard that last had a session under each id: cursors of an id grow, whatever the total. */
  #lastOfEachId(total: number): ShardKey[] {
    const last = new Map<number, { key: ShardKey; highest: number }>();
    for (const [text, { highest }] of this.#points) {
      const key = parseShardKey(text)!;
      const other = last.get(key.id) ?? { highest: -1 };
      // An heir that never had a session stands where the other one stood.
      const isLater = highest > other.highest || (highest === other.highest && key.total === total);
      if (isLater) last.set(key.id, { key, highest });
    }
    return [...last.values()].map(({ key }) => key);
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

/** `estate-3-of-16`. */
function fileOf(key: ShardKeyText): string {
  return `estate-${key.replace("/", "-of-")}`;
}

function pointOf({ highest, acknowledged, readers, marks, session }: Estate): Point {
  const at = session && { base: session.base, seq: session.seq };
  return { highest: highest ?? 0, acknowledged, readers, marks, session: at };
}

function parsePresences(saved: unknown): Map<ShardKeyText, Presence> {
  const presences = new Map<ShardKeyText, Presence>();
  for (const [text, value] of Object.entries(isRecord(saved) ? saved : {})) {
    const key = parseShardKey(text);
    if (key && isPresence(value)) presences.set(shardKeyText(key), value);
  }
  return presences;
}

function parsePoints(shards: unknown): Map<ShardKeyText, Point> {
  const points = new Map<ShardKeyText, Point>();
  for (const [text, value] of Object.entries(isRecord(shards) ? shards : {})) {
    const key = parseShardKey(text);
    if (!key) continue;
    const { base, seq } = isRecord(value) && isRecord(value.session) ? value.session : {};
    const session = isCount(base) && isCount(seq) ? { base, seq } : null;
    points.set(shardKeyText(key), { ...pointOf(parseEstate(value)), session });
  }
  return points;
}

/** Whether nothing has changed: each part is replaced, never changed. */
function isSame(before: Estate, after: Estate): boolean {
  return (Object.keys(after) as (keyof Estate)[]).every((part) => before[part] === after[part]);
}

/** Whether the part that has a file of its own is the same. */
function isFiledSame(before: Estate, after: Estate): boolean {
  return before.session?.base === after.session?.base &&
    before.session?.sessionId === after.session?.sessionId &&
    before.guilds === after.guilds && before.facts === after.facts;
}
