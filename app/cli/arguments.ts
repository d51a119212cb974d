/**
 * How arguments are read. What cannot be read is told with what was wanted.
 *
 * @module
 */

/** What commander tells as a wrong argument, without being loaded for it. */
export class InvalidArgument extends Error {
  override readonly name = "InvalidArgument";
  /** By this commander knows it. */
  readonly code = "commander.invalidArgument";
}

/**
 * The first argument that is empty, or an option's value that is; `undefined` where there is none. Nothing takes one:
 * it is a variable of a script that was not set.
 */
export function emptyIn(args: readonly string[]): string | undefined {
  return args.find((arg) => arg === "" || /^--[\w-]+=$/.test(arg));
}

/**
 * Takes a text that is a number of at least 0, and gives the text.
 *
 * @param what What it is the number of, for who typed another.
 * @throws {InvalidArgument} It is none.
 */
export function numeric(what: string): (text: string) => string {
  return (text) => {
    if (/^\d+(\.\d+)?$/.test(text)) return text;
    throw new InvalidArgument(`Expected ${what}, as a number.`);
  };
}

/**
 * Reads a whole number.
 *
 * @throws {InvalidArgument} The text is none, or out of bounds.
 */
export function wholeBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgument(`Expected a whole number from ${least} to ${most}.`);
  };
}
