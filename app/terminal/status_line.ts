/**
 * One line at the bottom of a terminal that is drawn over itself, while log lines scroll above it.
 * What it says is `progress.ts`.
 *
 * @module
 */

/** The line. Where the output is no terminal, `show` does nothing. */
export interface StatusLine {
  /** Replaces the line; an empty text removes it. */
  show(text: string): void;
  /** Writes whole lines above it. */
  write(lines: string): void;
}

const CLEAR_LINE = "\r\x1b[2K";

/** A line on a terminal that takes text with `print`. */
export function statusLine(
  print: (text: string) => void,
  isTerminal: boolean,
  columns: () => number,
): StatusLine {
  let shown = "";
  // A line that wraps could not be cleared again.
  const fit = (text: string) => text.slice(0, Math.max(0, columns() - 1));
  return {
    show(text) {
      if (!isTerminal || text === shown) return;
      shown = text;
      print(CLEAR_LINE + fit(text));
    },
    write(lines) {
      print(shown === "" ? lines : CLEAR_LINE + lines + fit(shown));
    },
  };
}
