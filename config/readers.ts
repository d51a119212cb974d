/**
 * The kinds of text that settings are made of: how each is read, the words for what it has to be, and
 * the name that a misspelt one is nearest to.
 *
 * @module
 */

import { isIPv6 } from "node:net";
import type { TextSchema, Valibot } from "../deps.ts";
import { ALL_INTENTS, intentBits, INTENTS, isIntentName } from "../protocol/discord/intents.ts";

/** How the text of a variable, trimmed and not empty, becomes a value. */
export interface Reader<Value> {
  /** What it has to be, as the end of "expected …". */
  readonly expected: string;
  /** Never shown, not even where it is wrong. */
  readonly secret?: true;
  /** Says more about a text that was refused, after the text itself. */
  readonly hint?: (text: string) => string;
  /** Takes the validation library, which is loaded on demand. */
  readonly schema: (v: Valibot) => TextSchema<Value>;
}

/** A text that looks like this. */
function textLike(expected: string, isRight: RegExp | ((text: string) => boolean)): Reader<string> {
  const check = isRight instanceof RegExp ? (text: string) => isRight.test(text) : isRight;
  return { expected, schema: (v) => v.pipe(v.string(), v.check(check)) };
}

/** A whole number. Without `least`, `what` says all: it may be 0 or more. */
export function integer(what: string, least?: number, most?: number): Reader<number> {
  const atLeast = least === undefined ? what : `${what}, at least ${least}`;
  return {
    expected: most === undefined ? atLeast : `${what} from ${least} to ${most}`,
    schema: (v) =>
      v.pipe(
        v.string(),
        v.regex(/^\d+$/),
        v.transform(Number),
        v.minValue(least ?? 0),
        v.maxValue(most ?? Number.MAX_SAFE_INTEGER),
      ),
  };
}

/** One of these words, in capitals or not. */
export function oneOf<const Choice extends string>(...choices: Choice[]): Reader<Choice> {
  return {
    expected: choices.join(", ").replace(/, ([^,]+)$/, " or $1"),
    schema: (v) =>
      v.pipe(v.string(), v.transform((text) => text.toLowerCase()), v.picklist(choices)),
  };
}

/** Where something is. Deno's permission lists are separated by commas, and nothing escapes one. */
export function path(what: string): Reader<string> {
  return textLike(`${what} without a comma`, /^[^,]+$/);
}

/** Visible ASCII only, because it has to fit into a header. `Bot` before it is cut off. */
export function secret(what: string): Reader<string> {
  return {
    expected: `${what}, one word`,
    secret: true,
    schema: (v) =>
      v.pipe(
        v.string(),
        v.transform((text) => text.replace(/^Bot\s+/i, "")),
        v.regex(/^(?!bot$)[\x21-\x7e]+$/i),
      ),
  };
}

/** At least one such item; spaces around each do not count. */
function listOf(
  expected: string,
  separator: string,
  isItem: (text: string) => boolean,
): Reader<string[]> {
  return {
    expected,
    schema: (v) =>
      v.pipe(
        v.string(),
        v.transform((text) => text.split(separator).map((part) => part.trim()).filter(Boolean)),
        v.check((items) => items.length > 0 && items.every(isItem)),
      ),
  };
}

/** On or off. */
export const flag: Reader<boolean> = {
  expected: "1 or 0",
  schema: (v) =>
    v.pipe(
      v.string(),
      v.picklist(["1", "true", "0", "false"]),
      v.transform((text) => text === "1" || text === "true"),
    ),
};

/** A share in percent. */
export const percent: Reader<number> = {
  expected: "a share from 0% to 100%",
  schema: (v) =>
    v.pipe(v.string(), v.regex(/^\d+(\.\d+)? ?%?$/), v.transform(parseFloat), v.maxValue(100)),
};

/** Where a port is opened. */
export const host: Reader<string> = textLike(
  "an IP address or a host name, without a port",
  (text) => /^[\w.-]+$/.test(text) || isIPv6(text),
);

/** Base of an HTTP API. A version at its end is cut off. */
export const apiUrl: Reader<string> = {
  expected: "an http or https URL without a query",
  schema: (v) =>
    v.pipe(
      v.string(),
      v.check((text) => isUrl(text, ["http:", "https:"]) && new URL(text).search === ""),
      v.transform((text) => text.replace(/(\/v\d+)?\/*$/, "")),
    ),
};

/** Addresses of WebSockets. */
export const socketUrls: Reader<string[]> = listOf(
  "ws or wss URLs separated by commas",
  ",",
  (text) => isUrl(text, ["ws:", "wss:"]),
);

/** What goes behind `https://discord.gg/`. */
export const inviteCode: Reader<string> = textLike(
  "an invite's code, without its address",
  /^[\w-]{2,64}$/,
);

const pairs = listOf(
  "name=module pairs separated by commas, each name once: letters, digits, - and _",
  ",",
  (text) => /^[\w-]+=.+$/.test(text),
);

/** Modules by name. */
export const services: Reader<{ name: string; module: string }[]> = {
  ...pairs,
  schema: (v) =>
    v.pipe(
      pairs.schema(v),
      v.mapItems((pair) => ({ name: pair.replace(/=.*/, ""), module: pair.replace(/^.*?=/, "") })),
      v.check((all) => new Set(all.map(({ name }) => name)).size === all.length),
    ),
};

/** Flags of Deno, none of them for everything. */
export const permissionFlags: Reader<string[]> = listOf(
  "permission flags of Deno separated by spaces, such as --allow-net=db:5432 (not --allow-all)",
  " ",
  (text) => /^--(allow|deny)-(read|write|net|env|sys|run|ffi|import)(=.+)?$/.test(text),
);

/** Intents as a bit mask. */
export const intents: Reader<number> = {
  expected: "a number made of Discord's intents, or their names separated by commas",
  hint: unknownIntents,
  schema: (v) => v.pipe(v.string(), v.transform(intentsOf), v.number()),
};

/** Whether `text` is an address that holds neither a password nor a `#`. */
function isUrl(text: string, protocols: readonly string[]): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hash, username, password } = new URL(text);
  return protocols.includes(protocol) && hash + username + password === "";
}

/** The bit mask, or `undefined` where a name or a bit is unknown. */
function intentsOf(text: string): number | undefined {
  if (/^\d+$/.test(text)) {
    const bits = Number(text);
    // Bitwise operators cut numbers to 32 bits, so the size is checked as well.
    return bits <= ALL_INTENTS && (bits & ~ALL_INTENTS) === 0 ? bits : undefined;
  }
  const names = intentNames(text);
  return names.length > 0 && names.every(isIntentName) ? intentBits(names) : undefined;
}

function unknownIntents(text: string): string {
  const unknown = intentNames(text).filter((name) => !isIntentName(name) && !/^\d+$/.test(name));
  const hints = unknown.map((name) => {
    const [meant] = nearest(name, Object.keys(INTENTS), Math.ceil(name.length / 3));
    return meant ? `${name} is unknown, did you mean ${meant}?` : `${name} is unknown`;
  });
  return hints.length === 0 ? "" : ` (${hints.join("; ")})`;
}

/** The names in a list of intents, as Discord writes them. */
function intentNames(text: string): string[] {
  return text.split(",").map((name) => name.trim().toUpperCase()).filter(Boolean);
}

/**
 * The names nearest to `word`, nearest first, none further than `limit` single-letter edits.
 *
 * @example
 * ```ts
 * import { nearest } from "./readers.ts";
 * console.assert(nearest("TOTAL_SHARD", ["TOTAL_SHARDS", "STATE_DIR"])[0] === "TOTAL_SHARDS");
 * ```
 */
export function nearest(word: string, names: Iterable<string>, limit = 2): string[] {
  return [...names]
    .map((name) => ({ name, edits: edits(word, name) }))
    .filter((candidate) => candidate.edits <= limit)
    .sort((a, b) => a.edits - b.edits)
    .map((candidate) => candidate.name);
}

/** Letters to insert, remove or replace to get from `a` to `b` (Levenshtein). */
function edits(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = above[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      line.push(Math.min(replaced, above[column]! + 1, line[column - 1]! + 1));
    }
    above = line;
  }
  return above[b.length]!;
}
