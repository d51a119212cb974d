/**
 * `gatehouse top` as it runs: asks the unit, draws, and does what keys say, until it is left.
 *
 * @module
 */

import { sleep } from "../../../ports/clock.ts";
import { CliFailure, EXIT, type ExitCode } from "../exit.ts";
import { painter } from "../output.ts";
import type { UnitApi } from "../unit_api.ts";
import type { CliWorld } from "../world.ts";
import type { ColumnName } from "./columns.ts";
import { type Look, modelOf, type TopModel } from "./rows.ts";
import { screenOf } from "./screen.ts";
import { type TakenTerminal, takeTerminal } from "./terminal.ts";
import { FIRST_VIEW, keysIn, press, type Room, type TopView } from "./view.ts";

/** How it runs. */
export interface TopOptions {
  readonly intervalMs: number;
  readonly sort?: ColumnName;
}

/**
 * Shows a unit until somebody quits.
 *
 * @throws {CliFailure} There is no terminal; nobody answers at the beginning; the unit takes another secret by now.
 */
export async function runTop(
  world: CliWorld,
  unit: UnitApi,
  { intervalMs, sort = FIRST_VIEW.sort }: TopOptions,
): Promise<ExitCode> {
  if (!world.out.isTerminal || !Deno.stdin.isTerminal()) {
    const text = "top needs a terminal. For a script: gatehouse status --json";
    throw new CliFailure(EXIT.USAGE, text);
  }
  const first = await unit.state();
  const terminal = takeTerminal(Deno.stdin, world.out);
  const forget = releaseAtEnd(terminal);
  try {
    const top = new Top(world, unit, terminal, { ...FIRST_VIEW, sort });
    top.take(first);
    return await top.run(intervalMs);
  } finally {
    terminal.release();
    forget();
  }
}

/** Whatever ends the process: the terminal is given back before a message is printed on it. */
function releaseAtEnd(terminal: TakenTerminal): () => void {
  const release = () => terminal.release();
  const events = ["error", "unhandledrejection", "unload"];
  for (const event of events) globalThis.addEventListener(event, release);
  return () => {
    for (const event of events) globalThis.removeEventListener(event, release);
  };
}

/** The signals that say how the terminal is, and that it is gone. Windows has none: a screen is as old as a look. */
const SIGNALS = Deno.build.os === "windows" ? [] : ["SIGWINCH", "SIGCONT", "SIGHUP"] as const;

class Top {
  readonly #world: CliWorld;
  readonly #unit: UnitApi;
  readonly #terminal: TakenTerminal;
  readonly #over = Promise.withResolvers<void>();
  #view: TopView;
  #last: Look | null = null;
  #model: TopModel | undefined;
  #away: string | null = null;
  #room: Room = { rows: 0, all: 0 };

  constructor(world: CliWorld, unit: UnitApi, terminal: TakenTerminal, view: TopView) {
    this.#world = world;
    this.#unit = unit;
    this.#terminal = terminal;
    this.#view = view;
  }

  /** The unit was looked at. */
  take(snapshot: Look["snapshot"]): void {
    const look = { atMs: this.#world.clock.now(), snapshot };
    this.#model = modelOf(this.#last, look);
    this.#last = look;
    this.#away = null;
  }

  async run(intervalMs: number): Promise<ExitCode> {
    const on: Record<"SIGWINCH" | "SIGCONT" | "SIGHUP", () => void> = {
      SIGWINCH: () => this.#draw(),
      SIGCONT: () => {
        this.#terminal.retake();
        this.#draw();
      },
      SIGHUP: () => this.#over.resolve(),
    };
    for (const signal of SIGNALS) Deno.addSignalListener(signal, on[signal]);
    this.#world.stopped().then(() => this.#over.resolve());
    try {
      this.#draw();
      await Promise.race([this.#over.promise, this.#ask(intervalMs), this.#read()]);
      return EXIT.OK;
    } finally {
      for (const signal of SIGNALS) Deno.removeSignalListener(signal, on[signal]);
    }
  }

  /** Looks at the unit again and again; one that does not answer may be back soon. */
  async #ask(intervalMs: number): Promise<void> {
    for (;;) {
      await sleep(this.#world.clock, intervalMs);
      if (this.#view.isPaused) continue;
      try {
        this.take(await this.#unit.state());
      } catch (error) {
        if (!(error instanceof CliFailure) || error.code === EXIT.DENIED) throw error;
        this.#away = error.brief;
      }
      this.#draw();
    }
  }

  /** Does what keys say, until one says to quit, or there is no keyboard any more. */
  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    const bytes = new Uint8Array(64);
    for (;;) {
      const length = await Deno.stdin.read(bytes);
      if (length === null) return;
      for (const key of keysIn(decoder.decode(bytes.subarray(0, length), { stream: true }))) {
        const next = press(this.#view, key, this.#room);
        if (next === "quit") return;
        this.#view = next;
      }
      this.#draw();
    }
  }

  #draw(): void {
    const { out, clock } = this.#world;
    const { lines, room } = screenOf(this.#model!, this.#view, {
      url: this.#unit.url,
      size: out.size(),
      nowMs: clock.wallMs(),
      away: this.#away,
      paint: painter(this.#world, out),
    });
    this.#room = room;
    this.#terminal.draw(lines);
  }
}
