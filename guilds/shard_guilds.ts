/**
 * The guilds of one shard, as raw JSON: as of the cursor up to which every consumer is done, and the
 * dispatches since then that change them. So they can be had as they were at any event that somebody goes
 * on from, and as they are now.
 *
 * @module
 */

import { GatehouseError, messageOf } from "../protocol/errors.ts";
import { readEnvelope } from "../protocol/discord/envelope.ts";
import type {
  GuildsPiece,
  GuildsQuestion,
  MembersPiece,
  MembersQuestion,
} from "../protocol/guild_pieces.ts";
import type { Wanted } from "../protocol/link_call.ts";
import type { Cancel, Clock } from "../ports/clock.ts";
import type {
  GuildBase,
  GuildLog,
  GuildRecord,
  KeptGuilds,
  LastingGuilds,
} from "../ports/guild_log.ts";
import { createBody } from "./create.ts";
import { find } from "./found.ts";
import { fieldOf, textOfBytes, valueAt } from "./fragments.ts";
import { Guilds, isChange, LONG } from "./guilds.ts";
import { type GuildExtra, type Kept, keptOf } from "./kept.ts";
import { MembersReplies } from "./members.ts";
import { WarmPages } from "./page.ts";
import { freeze, guildsOf, PARTS_VERSION, partsOf } from "./parts.ts";
import type { Slices, Work } from "./slices.ts";
import { Tail, type TailRoom } from "./tail.ts";

/** What the open pages of a shard may have together, where nothing else is said. */
const WARM_BYTES = 2 * 1024 ** 2;
/** Pages that are packed before others may have their turn. */
const STEP_PAGES = 16;
/** Guilds as of a cursor that nobody asked for in so long are forgotten. */
export const VIEW_MS = 60_000;

/** What the guilds of a shard are made with. */
export interface ShardGuildsOptions {
  readonly clock: Clock;
  /** Who does the work; one for all shards of a worker. */
  readonly slices: Slices;
  /** Room for what not everybody is done with; one for all shards of a worker. */
  readonly room: TailRoom;
  /** What is kept beside the guilds, where the intents are there by which Discord tells of it. */
  readonly extras: readonly GuildExtra[];
  /** Those of the shard's session. */
  readonly intents: () => number;
  /** Where what comes is written down; `null`: nowhere. */
  readonly log: GuildLog | null;
  /** What is open may have so many bytes together before it is packed; 2 MiB by default. */
  readonly warmBytes?: number;
  /** What others have served. Default: nothing. */
  readonly served?: () => ServedChanges | null;
  /** They are not known any more, for this reason. */
  readonly lost: (reason: string) => void;
}

/**
 * What shards of another total have brought already of what came on this one: who goes on from an earlier cursor does
 * not get it, and so has guilds that are as after it.
 */
export interface ServedChanges {
  /** Above this cursor there is none. */
  readonly through: number;
  /** Whether it is one of those. */
  has(record: GuildRecord): boolean;
}

/** The guilds as of a cursor, for who asks piece by piece. */
interface View {
  readonly guilds: Guilds;
  readonly available: readonly string[];
  readonly missing: readonly string[];
  forget: Cancel;
}

/** The guilds of one shard. Nothing that is called here takes long: it is done in slices. */
export class ShardGuilds implements LastingGuilds {
  readonly form: string;
  readonly #options: ShardGuildsOptions;
  #warm: WarmPages;
  /** As of `#applied`; `null`: not known. */
  #guilds: Guilds | null = null;
  #applied = 0;
  /** Up to this cursor there was no guild; below 0: nobody knows. */
  #noneTo = -1;
  /** Up to where everybody is done. */
  #done = 0;
  #newest = 0;
  #tail: Tail;
  /** As of their cursors. */
  readonly #views = new Map<number, View>();
  /** Cursors that were asked for, and are not looked at yet: what is applied does not go beyond them. */
  readonly #asking = new Set<GuildsQuestion>();
  readonly #replies: MembersReplies;
  /** As of the newest cursor that somebody looked for something at. */
  #latest: { readonly guilds: Guilds; cursor: number } | null = null;
  #kept: { readonly intents: number; readonly kept: Kept } | null = null;
  /** Who waits for what was acknowledged in an earlier life, and comes again. */
  #waiting: { readonly cursor: number; readonly go: () => void }[] = [];
  /** What is waiting for its turn. */
  readonly #asked = new Set<"advance" | "pack" | "cool">();

  constructor(options: ShardGuildsOptions) {
    this.#options = options;
    this.#warm = new WarmPages(options.warmBytes ?? WARM_BYTES);
    this.#tail = new Tail(options.room, options.log);
    this.#replies = new MembersReplies(options.clock);
    this.form = [PARTS_VERSION, ...options.extras.toSorted()].join(" ");
  }

  get newest(): number {
    return this.#newest;
  }

  /** Whether they are known. */
  get isKnown(): boolean {
    return this.#guilds !== null;
  }

  /** Memory that they take, about. It is counted when it is asked for. */
  get bytes(): number {
    return (this.#guilds?.heldBytes ?? 0) + this.#tail.bytes;
  }

  /** Every dispatch of the shard passes here, in order. Those that change nothing are not looked at. */
  see(cursor: number, t: string, payload: Uint8Array): void {
    // What Discord replays has been seen.
    if (cursor <= this.#newest) return;
    this.#newest = cursor;
    if (this.#waiting.length > 0) this.#letGo(cursor);
    if (!isChange(t, this.#keeps())) return;
    if (!this.#guilds) {
      if (t !== "READY") return;
      this.#begin(new Guilds(this.#warm), cursor - 1, false);
    }
    if (!this.#tail.push({ cursor, payload: payload.slice() })) {
      return this.#lose("there is no room for what changes while nobody takes events");
    }
    if (this.#tail.isCrowded) this.#ask("pack", () => this.#tail.pack());
    // It was dealt with in an earlier life, and comes again.
    if (cursor <= this.#done) this.#ask("advance", () => this.#advance());
  }

  /** Every consumer is done with everything up to `cursor`. */
  acknowledged(cursor: number): void {
    if (cursor <= this.#done) return;
    this.#done = cursor;
    if (this.#guilds) this.#ask("advance", () => this.#advance());
  }

  /**
   * The guilds as of a cursor, a piece of them; `null` where they are not known as of then: nothing was kept
   * and no READY has come, or everybody is done with more.
   */
  async piece(question: GuildsQuestion): Promise<GuildsPiece | null> {
    this.#asking.add(question);
    await this.#heard(question.cursor);
    const piece = await this.#do(() => this.#piece(question));
    this.#asking.delete(question);
    if (this.#guilds && this.#applied < this.#done) this.#ask("advance", () => this.#advance());
    return piece;
  }

  /** What is known now of a guild, channel, user or member, as Discord's API has it; `null`: nothing. */
  find(wanted: Wanted): Promise<unknown> {
    return this.#do(() => this.#find(wanted));
  }

  /** Members of a guild as of now, a piece of them; `null` where only Discord knows. */
  members(question: MembersQuestion): Promise<MembersPiece | null> {
    return this.#do(() => this.#replies.piece(question, this.#keeps(), () => this.#now()));
  }

  base(): Promise<GuildBase | null> {
    return this.#do(() => this.#base());
  }

  load({ cursor, form, botId, parts, newest }: KeptGuilds): void {
    if (form !== this.form) {
      const text = `Cannot use the guilds on disk: their form is ${form}, expected ${this.form}`;
      throw new GatehouseError("bad_state", "host", text);
    }
    const guilds = guildsOf(parts, this.#warm);
    this.#begin(new Guilds(this.#warm, guilds, botId), cursor, true);
    this.#newest = newest;
    if (this.#done > cursor) this.#ask("advance", () => this.#advance());
  }

  goesOnAfter(cursor: number): void {
    if (this.#guilds && cursor > this.#newest) {
      this.#lose(
        `what is known of them ends at ${this.#newest}, the session goes on after ${cursor}`,
      );
    }
  }

  #begin(guilds: Guilds, cursor: number, isInLog: boolean): void {
    this.#guilds = guilds;
    this.#applied = cursor;
    this.#noneTo = guilds.all.size === 0 ? cursor : -1;
    this.#tail = new Tail(this.#options.room, this.#options.log, isInLog);
  }

  #keeps(): Kept {
    const intents = this.#options.intents();
    if (this.#kept?.intents !== intents) {
      this.#kept = { intents, kept: keptOf(this.#options.extras, intents) };
    }
    return this.#kept.kept;
  }

  *#advance(): Work<void> {
    const [guilds, tail] = [this.#guilds, this.#tail];
    // What was acknowledged in an earlier life may still be to come again.
    const asked = [...this.#asking].map(({ cursor }) => cursor);
    const inTime = asked.filter((cursor) => cursor >= this.#applied);
    const to = Math.min(this.#done, this.#newest, ...inTime);
    if (!guilds) return;
    yield* tail.each(this.#applied, to, (record) => this.#apply(guilds, record));
    if (this.#guilds !== guilds) return;
    this.#applied = Math.max(this.#applied, to);
    if (this.#latest && this.#latest.cursor <= this.#applied) this.#latest = null;
    yield* tail.drop(this.#applied);
  }

  *#apply(guilds: Guilds, { payload }: GuildRecord): Work<void> {
    try {
      const { t, bodyAt } = readEnvelope(payload);
      const text = textOfBytes(payload);
      const d = bodyAt < 0 ? fieldOf(text, "d") : bodyIn(t, text, bodyAt);
      // No JSON has such a byte, and pages are parted by it.
      if (t === null || d === undefined || text.includes("\0")) return;
      yield* guilds.apply(t, d, this.#keeps());
    } catch (error) {
      // It goes to the bot as it came, whose side says that it cannot be read.
      if (!(error instanceof SyntaxError)) throw error;
    }
  }

  *#piece({ cursor, terms, after, limitBytes }: GuildsQuestion): Work<GuildsPiece | null> {
    const view = yield* this.#view(cursor);
    if (!view) return null;
    const { guilds, available, missing } = view;
    const bodies: Uint8Array<ArrayBuffer>[] = [];
    let bytes = 0;
    for (let i = after; i < available.length && bytes < limitBytes; i++) {
      const body = yield* createBody(guilds.all.get(available[i]!)!, terms, guilds.botId);
      bodies.push(body);
      bytes += body.length;
    }
    return { guildIds: [...available, ...missing], available: available.length, bodies };
  }

  *#view(cursor: number): Work<View | null> {
    let view = this.#views.get(cursor);
    if (!view) {
      const known = this.#guilds;
      const served = this.#options.served?.() ?? null;
      const isGone = cursor < this.#applied && !(served && this.#applied === this.#noneTo);
      if (!known || isGone || cursor > Math.max(this.#newest, this.#done)) return null;
      const guilds = known.fork();
      const apply = (record: GuildRecord) => this.#apply(guilds, record);
      yield* this.#tail.each(this.#applied, cursor, apply);
      const from = Math.max(this.#applied, cursor);
      const serve = (record: GuildRecord) => served?.has(record) ? apply(record) : undefined;
      if (served) yield* this.#tail.each(from, served.through, serve);
      if (this.#guilds !== known) return null;
      const ids = [...guilds.all.keys()].sort(byAge);
      const { available = [], missing = [] } = Object.groupBy(
        ids,
        (id) => guilds.all.get(id) ? "available" : "missing",
      );
      view = { guilds, available, missing, forget: () => {} };
      this.#views.set(cursor, view);
    }
    view.forget();
    view.forget = this.#options.clock.after(VIEW_MS, () => this.#views.delete(cursor));
    return view;
  }

  *#find(wanted: Wanted): Work<unknown> {
    const now = yield* this.#now();
    return now && (yield* find(now, wanted));
  }

  /** As of the newest cursor; `null` where they are not known. They go on: a fork stays as it is. */
  *#now(): Work<Guilds | null> {
    const known = this.#guilds;
    if (!known) return null;
    if (this.#tail.isEmptyAfter(this.#applied)) return known;
    const latest = this.#latest ??= { guilds: known.fork(), cursor: this.#applied };
    const to = this.#newest;
    yield* this.#tail.each(latest.cursor, to, (record) => this.#apply(latest.guilds, record));
    latest.cursor = to;
    return latest.guilds;
  }

  *#base(): Work<GuildBase | null> {
    const guilds = this.#guilds?.fork();
    if (!guilds) return null;
    const cursor = this.#applied;
    const frozen = yield* freeze(guilds);
    const parts = { [Symbol.iterator]: () => partsOf(guilds, frozen) };
    return { cursor, form: this.form, botId: guilds.botId, parts };
  }

  /** Packs what was not used for longest, when there is more than should be open. */
  *#cool(): Work<void> {
    for (let i = 0; i < STEP_PAGES && this.#warm.isOver; i++) {
      this.#warm.packOne();
      yield;
    }
  }

  /** Waits until what was acknowledged in an earlier life has come again up to a cursor. */
  #heard(cursor: number): Promise<void> {
    if (!this.#guilds || cursor <= this.#newest || cursor > this.#done) return Promise.resolve();
    return new Promise((go) => void this.#waiting.push({ cursor, go }));
  }

  #letGo(cursor: number): void {
    for (const each of this.#waiting) if (each.cursor <= cursor) each.go();
    this.#waiting = this.#waiting.filter((each) => each.cursor > cursor);
  }

  /** Has something done once, however often it is asked for before its turn. */
  #ask(what: "advance" | "pack" | "cool", work: () => Work<void>): void {
    if (this.#asked.has(what)) return;
    this.#asked.add(what);
    void this.#do(() => {
      this.#asked.delete(what);
      return work();
    });
  }

  /** Whatever goes wrong with what is known, it is not known any more. */
  async #do<T>(work: () => Work<T>): Promise<T | null> {
    try {
      return await this.#options.slices.do(work);
    } catch (error) {
      this.#lose(messageOf(error));
      return null;
    } finally {
      if (this.#warm.isOver) this.#ask("cool", () => this.#cool());
    }
  }

  #lose(reason: string): void {
    if (!this.#guilds) return;
    this.#guilds = this.#latest = null;
    this.#tail.clear();
    this.#warm = new WarmPages(this.#options.warmBytes ?? WARM_BYTES);
    for (const { forget } of this.#views.values()) forget();
    this.#views.clear();
    this.#replies.clear();
    this.#letGo(Infinity);
    this.#options.log?.forget();
    this.#options.lost(reason);
  }
}

/** Where the body of those that may be long ends is found as they are taken apart. */
function bodyIn(t: string | null, text: string, at: number): string {
  return t !== null && LONG.has(t) ? text.slice(at) : valueAt(text, at);
}

/** Ids are numbers that grow with time. */
function byAge(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}
