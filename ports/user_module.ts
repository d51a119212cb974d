/**
 * Modules that a setting names: loaded, or told in one line why they cannot be.
 *
 * @module
 */

import { GatehouseError, messageOf } from "../protocol/errors.ts";

/**
 * What `load` gives: `() => import(…)`.
 *
 * @param name The module's address, for the error.
 * @throws {GatehouseError} {@linkcode notLoaded}.
 */
export async function loadModule(name: string, load: () => Promise<unknown>): Promise<unknown> {
  try {
    return await load();
  } catch (thrown) {
    throw notLoaded(name, thrown);
  }
}

/**
 * `bad_config`: a module cannot be loaded, with what was thrown, its causes, file and line. The stack is
 * that of what was thrown.
 */
export function notLoaded(name: string, thrown: unknown): GatehouseError {
  const text = inOneLine(messageOf(thrown));
  const place = PLACE.test(text) ? "" : placeOf(thrown);
  const error = new GatehouseError("bad_config", "caller", `Cannot load ${name}: ${text}${place}`);
  if (thrown instanceof Error && thrown.stack) error.stack = thrown.stack;
  return error;
}

/** File, line and column, at the end of a line. */
const PLACE = /\b(?:file|https?):\/\/\S+:\d+:\d+/;

/** Where it was thrown, as far as that is in a module: our own call of `import()` is no place. */
function placeOf(thrown: unknown): string {
  const stack = thrown instanceof Error ? thrown.stack ?? "" : "";
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  const place = frames.map((frame) => PLACE.exec(frame)?.[0]).find(Boolean);
  return place === undefined || place.startsWith(import.meta.url) ? "" : ` at ${place}`;
}

/** A message of Deno's in one line: without colours, and without the piece of source that it shows. */
export function inOneLine(text: string): string {
  // deno-lint-ignore no-control-regex
  const plain = text.replace(/\x1b\[[\d;]*m/g, "");
  return plain.split("\n").filter((line) => !/^\s*\d*\s*\|/.test(line)).map((line) => line.trim())
    .filter(Boolean).join(" ");
}
