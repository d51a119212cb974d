/**
 * What a person at `gatehouse top` has chosen to see, and what each key does to that.
 *
 * @module
 */

import { COLUMN_LIST, type ColumnName } from "./columns.ts";

/** What is shown. */
export interface TopView {
  readonly sort: ColumnName;
  readonly isReversed: boolean;
  /** Rows that are above the screen. */
  readonly offset: number;
  /** Whether it stays as it is. */
  readonly isPaused: boolean;
  readonly isHelp: boolean;
}

/** At the beginning: what is not well first. */
export const FIRST_VIEW: TopView = {
  sort: "state",
  isReversed: false,
  offset: 0,
  isPaused: false,
  isHelp: false,
};

/** Keys beside those of the columns, with what they do, for the help. */
export const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ["q", "quit (so do Esc and Ctrl-C)"],
  ["R", "the other way round (so does the key of the same column again)"],
  ["↑ ↓, k j", "a row up or down"],
  ["PgUp PgDn", "a screen up or down"],
  ["Home End", "the first rows, the last"],
  ["p, space", "pause, and go on"],
  ["? h", "this help, and back"],
];

/** What reaches how far down the rows: `rows` fit on the screen, of `all`. */
export interface Room {
  readonly rows: number;
  readonly all: number;
}

/** The view after a key, or `quit`. A key that means nothing changes nothing. */
export function press(view: TopView, key: string, room: Room): TopView | "quit" {
  if (QUITS.has(key)) return "quit";
  if (key === "?" || key === "h") return { ...view, isHelp: !view.isHelp };
  // Any other key leaves the help.
  if (view.isHelp) return { ...view, isHelp: false };
  if (key === "p" || key === " ") return { ...view, isPaused: !view.isPaused };
  if (key === "R") return { ...view, isReversed: !view.isReversed, offset: 0 };
  const scrolled = SCROLLS[key]?.(view.offset, room);
  if (scrolled !== undefined) return { ...view, offset: within(scrolled, room) };
  const [sort] = COLUMN_LIST.find(([, column]) => column.key === key) ?? [];
  if (sort === undefined) return view;
  return { ...view, sort, isReversed: sort === view.sort ? !view.isReversed : false, offset: 0 };
}

/** The offset, where there are rows for it. */
export function within(offset: number, { rows, all }: Room): number {
  return Math.max(0, Math.min(offset, all - rows));
}

const QUITS: ReadonlySet<string> = new Set(["q", "Q", "escape", "ctrl-c", "ctrl-d"]);

const SCROLLS: Readonly<Record<string, (offset: number, room: Room) => number>> = {
  up: (offset) => offset - 1,
  k: (offset) => offset - 1,
  down: (offset) => offset + 1,
  j: (offset) => offset + 1,
  pageup: (offset, { rows }) => offset - rows,
  pagedown: (offset, { rows }) => offset + rows,
  home: () => 0,
  end: (_, { all }) => all,
};

/** What terminals send for keys that have no letter. */
const SEQUENCES: Readonly<Record<string, string>> = {
  "\x1b[A": "up",
  "\x1bOA": "up",
  "\x1b[B": "down",
  "\x1bOB": "down",
  "\x1b[5~": "pageup",
  "\x1b[6~": "pagedown",
  "\x1b[H": "home",
  "\x1bOH": "home",
  "\x1b[1~": "home",
  "\x1b[F": "end",
  "\x1bOF": "end",
  "\x1b[4~": "end",
  "\x1b": "escape",
  "\x03": "ctrl-c",
  "\x04": "ctrl-d",
};

// deno-lint-ignore no-control-regex
const KEY = /\x1b\[[\d;]*[A-Za-z~]|\x1bO[A-Z]|[\s\S]/gu;

/** The keys in what a terminal has sent. */
export function keysIn(text: string): string[] {
  return (text.match(KEY) ?? []).map((key) => SEQUENCES[key] ?? key);
}
