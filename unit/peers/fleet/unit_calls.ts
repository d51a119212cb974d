/**
 * What the units of a fleet ask of each other, over the bus: whatever commands carry, however large, and errors as
 * they were thrown. Each unit answers under its own name, so a question goes to it or to nobody.
 *
 * @module
 */

import { GatehouseError, isUnheard, unheard } from "../../../protocol/errors.ts";
import { decodeValue, encodeValue, type WireValue } from "../../../protocol/value.ts";
import { decodeError, encodeError, type WireError } from "../../../protocol/wire_error.ts";
import type { Cancel } from "../../../ports/clock.ts";
import type { Bus, Json } from "../../../ports/fleet/bus.ts";
import type { FleetView } from "../../../ports/fleet/fleet.ts";
import { randomHex } from "../../../ports/random.ts";
import type { World } from "../../../ports/world.ts";

/**
 * Characters that go at a time: a server takes a megabyte, of which each may take six bytes.
 */
export const PIECE_CHARS = 128 * 1024;
/** For the way of an answer: the deadline of who answers comes first, and says who did not. */
const GRACE_MS = 1_000;
/** Pieces that nobody asks for, or that do not go on, are kept for so long. */
const PIECES_MS = 60_000;
/** No question waits longer. */
const LONGEST_MS = 24 * 3_600_000;

/** What these calls need. */
export interface UnitCallsOptions extends Pick<World, "clock" | "log"> {
  readonly bus: Bus;
  readonly view: Pick<FleetView, "self" | "members" | "watch">;
}

/** A part of a text on its way. */
interface Piece {
  /** Which text. */
  readonly id: string;
  readonly part: number;
  readonly of: number;
  readonly text: string;
}

/** What came of a question. */
type Outcome =
  | { readonly value: WireValue }
  /** What somebody's code threw. */
  | { readonly error: WireError }
  /** What the unit itself refused with. */
  | { readonly refused: Pick<GatehouseError, "code" | "blame" | "message" | "data"> };

/** Calls between this unit and the others. */
export class UnitCalls {
  readonly #options: UnitCallsOptions;
  readonly #answerers = new Map<string, (value: unknown) => unknown>();
  /** Open questions by unit: what ends each. */
  readonly #open = new Map<string, Set<(error: Error) => void>>();
  /** Texts that are not whole yet, and answers of which not all was fetched. */
  readonly #pieces = new Map<string, { readonly texts: string[]; readonly cancel: Cancel }>();
  readonly #cancels: readonly Cancel[];
  readonly #life: string = randomHex(6);
  #asked = 0;

  constructor(options: UnitCallsOptions) {
    this.#options = options;
    const { bus, view } = options;
    this.#cancels = [
      bus.answer(`unit.${view.self}.call`, (piece) => this.#take(piece as unknown as Piece)),
      bus.answer(`unit.${view.self}.rest`, (piece) => this.#rest(piece as unknown as Piece)),
      view.watch(() => this.#look()),
    ];
  }

  /** Answers what other units ask by this name, with what the answerer gives or throws. */
  answer(what: string, answerer: (value: unknown) => unknown): void {
    this.#answerers.set(what, answerer);
  }

  /**
   * Asks another unit.
   *
   * @throws {GatehouseError} `away` where it does not live, or dies meanwhile; `deadline`.
   * @throws What its answerer threw.
   */
  async ask(unit: string, what: string, value: unknown, timeoutMs: number): Promise<unknown> {
    if (!this.#options.view.members.includes(unit)) throw unheard(awayText(unit), { unit });
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const open = this.#open.getOrInsertComputed(unit, () => new Set());
    open.add(reject);
    this.#exchange(unit, JSON.stringify({ what, value: encodeValue(value) }), timeoutMs)
      .then((text) => resolve(read(text))).catch(reject);
    try {
      return await promise;
    } finally {
      open.delete(reject);
    }
  }

  /** Asks and answers nothing any more. */
  stop(): void {
    for (const cancel of this.#cancels) cancel();
    for (const id of [...this.#pieces.keys()]) this.#drop(id);
    for (const unit of this.#open.keys()) this.#end(unit);
  }

  /** Who has asked a unit that is no more waits for nothing. */
  #look(): void {
    const { members } = this.#options.view;
    for (const unit of this.#open.keys()) if (!members.includes(unit)) this.#end(unit);
  }

  #end(unit: string): void {
    for (const reject of this.#open.get(unit) ?? []) reject(gone(unit));
    this.#open.delete(unit);
  }

  /** Says a text, and gives the other's. */
  async #exchange(unit: string, text: string, timeoutMs: number): Promise<string> {
    const { clock } = this.#options;
    const untilMs = clock.now() + Math.min(timeoutMs + GRACE_MS, LONGEST_MS);
    const id = `${this.#options.view.self}.${this.#life}.${++this.#asked}`;
    const ask = async (subject: string, piece: Piece) => {
      const leftMs = Math.max(0, untilMs - clock.now());
      return await this.#say(unit, subject, piece, leftMs, timeoutMs);
    };
    let answer: Piece | null = null;
    for (const piece of piecesOf(id, text)) answer = await ask("call", piece);
    const texts = [answer!.text];
    for (let part = 1; part < answer!.of; part++) {
      texts.push((await ask("rest", { id, part, of: answer!.of, text: "" })).text);
    }
    return texts.join("");
  }

  async #say(
    unit: string,
    subject: string,
    piece: Piece,
    leftMs: number,
    timeoutMs: number,
  ): Promise<Piece> {
    try {
      const value = piece as unknown as Json;
      return await this.#options.bus.ask(`unit.${unit}.${subject}`, value, leftMs) as never;
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
      // A question is put once its last piece is there.
      if (isUnheard(error) && subject === "call") throw unheard(awayText(unit), { unit });
      if (error.code === "away") throw gone(unit);
      if (error.code !== "deadline") throw error;
      const text = `Cannot get an answer from unit ${unit}: none within ${timeoutMs} ms`;
      throw new GatehouseError("deadline", "peer", text, { unit, timeoutMs });
    }
  }

  /** A part of a question; the last brings the answer, or the first of its parts. */
  async #take({ id, part, of, text }: Piece): Promise<Json> {
    const parts = this.#pieces.get(id)?.texts ?? [];
    parts[part] = text;
    if (part < of - 1) {
      if (part === 0) this.#keep(id, parts);
      return null;
    }
    this.#drop(id);
    const pieces = [...piecesOf(id, JSON.stringify(await this.#answer(parts, of)))];
    if (pieces.length > 1) this.#keep(id, pieces.map((piece) => piece.text));
    return pieces[0] as unknown as Json;
  }

  #rest({ id, part, of }: Piece): Json {
    const text = this.#pieces.get(id)?.texts[part];
    if (text === undefined) {
      throw new GatehouseError("away", "peer", `Cannot give the rest of answer ${id}: it is gone`);
    }
    if (part === of - 1) this.#drop(id);
    return { id, part, of, text };
  }

  #keep(id: string, texts: string[]): void {
    const cancel = this.#options.clock.after(PIECES_MS, () => void this.#pieces.delete(id));
    this.#pieces.set(id, { texts, cancel });
  }

  #drop(id: string): void {
    this.#pieces.get(id)?.cancel();
    this.#pieces.delete(id);
  }

  async #answer(parts: readonly string[], of: number): Promise<Outcome> {
    try {
      const isWhole = parts.length === of && Object.keys(parts).length === of;
      if (!isWhole) {
        throw new GatehouseError("bad_message", "peer", "Cannot answer: parts are lost");
      }
      const { what, value } = JSON.parse(parts.join("")) as { what: string; value: WireValue };
      const answerer = this.#answerers.get(what);
      if (answerer) return { value: encodeValue(await answerer(decodeValue(value))) };
      const { self } = this.#options.view;
      const text = `Cannot answer ${what}: unit ${self} does not do that yet`;
      throw new GatehouseError("away", "peer", text);
    } catch (thrown) {
      if (!(thrown instanceof GatehouseError)) return { error: encodeError(thrown) };
      const { code, blame, message, data } = thrown;
      return { refused: { code, blame, message, data: plain(data) } };
    }
  }
}

function* piecesOf(id: string, text: string): Generator<Piece> {
  const of = Math.max(1, Math.ceil(text.length / PIECE_CHARS));
  for (let part = 0; part < of; part++) {
    yield { id, part, of, text: text.slice(part * PIECE_CHARS, (part + 1) * PIECE_CHARS) };
  }
}

/** What an answer says; throws what it says was thrown. */
function read(text: string): unknown {
  const outcome = JSON.parse(text) as Outcome;
  if ("value" in outcome) return decodeValue(outcome.value);
  if ("error" in outcome) throw decodeError(outcome.error);
  const { code, blame, message, data } = outcome.refused;
  throw new GatehouseError(code, blame, message, data);
}

/** Facts as far as JSON carries them. */
function plain(data: GatehouseError["data"]): GatehouseError["data"] {
  try {
    return JSON.parse(JSON.stringify(data));
  } catch {
    // A cycle, say: the text says it all.
    return {};
  }
}

function gone(unit: string): GatehouseError {
  return new GatehouseError("away", "peer", awayText(unit), { unit });
}

function awayText(unit: string): string {
  return `Cannot reach unit ${unit}: it is away`;
}
