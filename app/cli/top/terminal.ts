/**
 * A terminal that is taken over for a while, and given back as it was.
 *
 * @module
 */

import type { Stream } from "../world.ts";

/** A terminal that is ours. */
export interface TakenTerminal {
  /** Draws these lines over the whole of it. */
  draw(lines: readonly string[]): void;
  /** Takes it again: somebody may have used it while the process stood still. */
  retake(): void;
  /** Gives it back as it was. Safe to call again. */
  release(): void;
}

/** What reads keys. */
export interface KeyInput {
  /** Whether each key comes at once, and none is shown. */
  setRaw(isRaw: boolean): void;
}

/** The other screen, no cursor, no wrapping. */
const TAKE = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const RELEASE = "\x1b[?7h\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const CLEAR_LINE_END = "\x1b[K";

/** Takes the terminal. What was on it is there again afterwards. */
export function takeTerminal(input: KeyInput, out: Pick<Stream, "write">): TakenTerminal {
  let isTaken = false;
  const take = () => {
    input.setRaw(true);
    isTaken = true;
    out.write(TAKE);
  };
  take();
  return {
    draw(lines) {
      if (!isTaken) return;
      out.write(HOME + lines.map((line) => line + CLEAR_LINE_END).join("\r\n"));
    },
    retake: take,
    release() {
      if (!isTaken) return;
      isTaken = false;
      out.write(RELEASE);
      input.setRaw(false);
    },
  };
}
