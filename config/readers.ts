/**
 * The kinds of text that settings are made of: how each is read, the words for what it has to be, and
 * the name that a misspelt one is nearest to.
 *
 * @module
 */

import { isIP, isIPv6 } from "node:net";
import type { TextSchema, Valibot } from "../deps.ts";
import { UNIT_NAME } from "../protocol/fleet.ts";
import { ALL_INTENTS, intentBits, INTENTS, isIntentName } from "../protocol/discord/intents.ts";

/** What a setting has to be: as the text of a variable, trimmed and not empty, and as a program's value. */
export interface Reader<Value> {
  /** What it has to be, as the end of "expected …". */
  readonly expected: string;
  /** The same of a program's value, where that is another. */
  readonly expectedValue?: string;
  /** Never shown, not even where it is wrong. */
  readonly secret?: true;
  /** Says more about a text that was refused, after the text itself. */
  readonly hint?: (text: string) => string;
  /** A text without what may be around it. */
  readonly tidy?: (text: string) => string;
  /** Whether a value, which may be anything, is one. */
  readonly accepts: (value: unknown) => boolean;
  /** Takes the validation library, which is loaded on demand. */
  readonly schema: (v: Valibot) => TextSchema<Value>;
}

/** A text that looks like this, once it is tidy. */
function textLike(
  expected: string,
  isRight: RegExp | ((text: string) => boolean),
  tidy: (text: string) => string = (text) => text,
): Reader<string> {
  const check = isRight instanceof RegExp ? (text: string) => isRight.test(text) : isRight;
  return {
    expected,
    tidy,
    accepts: (value) => typeof value === "string" && check(value),
    schema: (v) => v.pipe(v.string(), v.transform(tidy), v.check(check)),
  };
}

/** A whole number. Each has a ceiling: what is far above all that makes sense is a mistake, and told. */
export function integer(what: string, least: number, most: number): Reader<number> {
  const accepts = (value: unknown) =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
  return {
    expected: `${what} from ${least} to ${most}`,
    accepts,
    schema: (v) =>
      v.pipe(
        v.string(),
        v.regex(/^\d+$/),
        v.transform(Number),
        v.check((count: number) => accepts(count)),
      ),
  };
}

/** One of these words, in capitals or not. */
export function oneOf<const Choice extends string>(...choices: Choice[]): Reader<Choice> {
  return {
    expected: choices.join(", ").replace(/, ([^,]+)$/, " or $1"),
    accepts: (value) => (choices as unknown[]).includes(value),
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
  const withoutBot = (text: string) => text.replace(/^Bot\s+/i, "");
  return {
    ...textLike(`${what}, one word`, /^(?!bot$)[\x21-\x7e]+$/i, withoutBot),
    secret: true,
  };
}

/** At least one such item; spaces around each do not count. A program's list may be empty. */
function listOf(
  what: string,
  separator: "comma" | "space",
  isItem: (text: string) => boolean,
  more = "",
): Reader<string[]> {
  const isOne = (item: unknown) => typeof item === "string" && isItem(item);
  return {
    expected: `${what} separated by ${separator}s${more}`,
    expectedValue: `a list of ${what}${more}`,
    accepts: (value) => Array.isArray(value) && value.every(isOne),
    schema: (v) =>
      v.pipe(
        v.string(),
        v.transform((text) =>
          text.split(separator === "comma" ? "," : " ").map((part) => part.trim()).filter(Boolean)
        ),
        v.check((items) => items.length > 0 && items.every(isItem)),
      ),
  };
}

/** Some of these words, in capitals or not, or `none`. */
export function someOf<const Choice extends string>(...choices: Choice[]): Reader<Choice[]> {
  const isChoice = (word: unknown): word is Choice => (choices as unknown[]).includes(word);
  const words = choices.join(", ");
  return {
    expected: `none, or ${words} separated by commas`,
    expectedValue: `a list of ${words}`,
    accepts: (value) => Array.isArray(value) && value.every(isChoice),
    schema: (v) =>
      v.pipe(
        v.string(),
        v.transform((text) => text.toLowerCase()),
        v.transform((text) => text === "none" ? [] : text.split(",").map((word) => word.trim())),
        v.custom<Choice[]>((all) => (all as unknown[]).every(isChoice)),
      ),
  };
}

/** On or off. */
export const flag: Reader<boolean> = {
  expected: "1 or 0",
  expectedValue: "true or false",
  accepts: (value) => typeof value === "boolean",
  schema: (v) =>
    v.pipe(
      v.string(),
      v.picklist(["1", "true", "0", "false"]),
      v.transform((text) => text === "1" || text === "true"),
    ),
};

/** A share in percent, `least` or more. */
export function percent(least: number): Reader<number> {
  return {
    expected: `a share from ${least}% to 100%`,
    accepts: (value) => typeof value === "number" && value >= least && value <= 100,
    schema: (v) =>
      v.pipe(
        v.string(),
        v.regex(/^\d+(\.\d+)? ?%?$/),
        v.transform(parseFloat),
        v.minValue(least),
        v.maxValue(100),
      ),
  };
}

/** A key that everybody may know. */
export const publicKey: Reader<string> = textLike(
  "64 hexadecimal digits: the application's public key",
  /^[\da-f]{64}$/i,
);

/** Where a port is opened. */
export const host: Reader<string> = textLike(
  "an IP address or a host name, without a port",
  (text) => /^[\w.-]+$/.test(text) || isIPv6(text),
);

/** Base of an HTTP API. A version at its end is cut off. */
export const apiUrl: Reader<string> = textLike(
  "an http or https URL without a query",
  (text) => isUrl(text, ["http:", "https:"]) && new URL(text).search === "",
  (text) => text.replace(/(\/v\d+)?\/*$/, ""),
);

/** How the port is reached from outside: a path is that under which a server in front passes on. */
export const publicUrl: Reader<string> = textLike(
  "an http, https, ws or wss URL without a query",
  (text) => isUrl(text, ["http:", "https:", "ws:", "wss:"]) && !text.includes("?"),
  (text) => text.replace(/\/+$/, ""),
);

/** IP addresses, and networks of them. */
export const networks: Reader<string[]> = listOf(
  "IP addresses, or networks such as 10.0.0.0/8,",
  "comma",
  isNetwork,
);

/** Names of hosts, each for those below it, too. */
export const hostNames: Reader<string[]> = listOf(
  "host names without ports",
  "comma",
  (text) => /^[\w.-]*\w$/.test(text) || /^\[[\da-f:.]+\]$/i.test(text),
);

/** Where events go: over a WebSocket, or by POST. */
export const handlerUrls: Reader<string[]> = listOf(
  "ws, wss, http or https URLs",
  "comma",
  (text) => isUrl(text, ["ws:", "wss:", "http:", "https:"]),
);

/** Addresses of NATS: encrypted or not, in a list as its own tools take it. */
export const natsUrls: Reader<string[]> = listOf(
  "nats or tls URLs, without a user or a path,",
  "comma",
  (text) => /^[a-z]+:\/\/[^/?]+\/?$/.test(text) && isUrl(text, ["nats:", "tls:"]),
);

/** A word of NATS's subjects, buckets and keys. */
export const name: Reader<string> = textLike(
  "1 to 64 letters, digits, - and _",
  UNIT_NAME,
);

/** Who somebody is, to a server. */
export const userName: Reader<string> = textLike("a name, one word", /^\S+$/);

/** What goes behind `https://discord.gg/`. */
export const inviteCode: Reader<string> = textLike(
  "an invite's code, without its address",
  /^[\w-]{2,64}$/,
);

const NAME = ", each name once: letters, digits, - and _";
const pairs = listOf("name=module pairs", "comma", (text) => /^[\w-]+=.+$/.test(text), NAME);

/** Modules by name. */
export const services: Reader<{ name: string; module: string }[]> = {
  ...pairs,
  expectedValue: `a list of { name, module }${NAME}`,
  accepts: (value) =>
    Array.isArray(value) && value.every(isService) && areUnique(value.map(({ name }) => name)),
  schema: (v) =>
    v.pipe(
      pairs.schema(v),
      v.mapItems((pair) => ({ name: pair.replace(/=.*/, ""), module: pair.replace(/^.*?=/, "") })),
      v.check((all) => areUnique(all.map(({ name }) => name))),
    ),
};

/** Flags of Deno, none of them for everything. */
export const permissionFlags: Reader<string[]> = listOf(
  "permission flags of Deno",
  "space",
  (text) => /^--(allow|deny)-(read|write|net|env|sys|run|ffi|import)(=.+)?$/.test(text),
  ", such as --allow-net=db:5432 (not --allow-all)",
);

/** Intents as a bit mask. */
export const intents: Reader<number> = {
  expected: "a number made of Discord's intents, or their names separated by commas",
  expectedValue: "a number made of Discord's intents, or a list of their names",
  hint: unknownIntents,
  accepts: areIntents,
  schema: (v) => v.pipe(v.string(), v.transform(intentsOf), v.number()),
};

/** Whether a value is a bit mask of Discord's. Bitwise operators cut numbers to 32 bits: so the size, too. */
function areIntents(bits: unknown): bits is number {
  return Number.isSafeInteger(bits) && (bits as number) >= 0 && (bits as number) <= ALL_INTENTS &&
    ((bits as number) & ~ALL_INTENTS) === 0;
}

function isService(value: unknown): boolean {
  const { name, module } = Object(value) as Record<string, unknown>;
  return typeof name === "string" && /^[\w-]+$/.test(name) && typeof module === "string" &&
    module !== "";
}

function areUnique(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}

/** What may be told of a text that should have been a secret. */
export function shapeOf(text: string): string {
  const words = text.split(/\s+/).length;
  const kind = words > 1 ? `${words} words` : "one word that is not plain ASCII, or only Bot";
  return `a text of ${text.length} characters, ${kind}`;
}

/** Whether `text` is an address that holds neither a password nor a `#`. */
function isUrl(text: string, protocols: readonly string[]): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hash, username, password } = new URL(text);
  return protocols.includes(protocol) && hash + username + password === "";
}

/** An address by itself, or with as many bits as its kind has at most. */
function isNetwork(text: string): boolean {
  const [, address = "", prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && !address.includes("%") &&
    Number(prefix ?? 0) <= (version === 4 ? 32 : 128);
}

/** The bit mask, or `undefined` where a name or a bit is unknown. */
function intentsOf(text: string): number | undefined {
  if (/^\d+$/.test(text)) return areIntents(Number(text)) ? Number(text) : undefined;
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
