/**
 * What a unit says to the program that it is a part of. All of its texts call a setting by its variable; a
 * program knows the option. So whatever leaves for it is told anew here, and nobody below has to know who asks.
 *
 * @module
 */

import { type Field, FIELDS, SETTINGS } from "../config/config.ts";
import { GatehouseError } from "../protocol/errors.ts";
import type { Status } from "../protocol/status.ts";
import { type Log, type LogFields, logTo } from "../ports/log.ts";
import type { Words } from "./http/words.ts";
import type { UnitLog } from "./terminal/log.ts";

/** Options that have another name than their setting. */
const OPTION_NAMES: Readonly<Partial<Record<Field, string>>> = {
  discordToken: "token",
  botModule: "bot",
};

/**
 * How the option of a setting is called.
 *
 * @example
 * ```ts
 * import { optionOf } from "./option_names.ts";
 * console.assert(optionOf("botModule") === "bot" && optionOf("stateDir") === "stateDir");
 * ```
 */
export function optionOf(field: Field): string {
  return OPTION_NAMES[field] ?? field;
}

const OPTIONS: ReadonlyMap<string, string> = new Map(
  FIELDS.map((field) => [SETTINGS[field].name, optionOf(field)]),
);
/** Whole words: neither `TOTAL_SHARDS_2`, nor what is a part of a path or an address. */
const VARIABLE = new RegExp(
  `(?<![\\w/.$-])(${[...OPTIONS.keys()].join("|")})(?![\\w/-]|\\.\\w)`,
  "g",
);

/**
 * A text with each setting under the name of its option.
 *
 * @example
 * ```ts
 * import { inOptionNames } from "./option_names.ts";
 * const text = "Cannot use STATE_DIR /srv/bot: set another STATE_DIR";
 * console.assert(inOptionNames(text) === "Cannot use stateDir /srv/bot: set another stateDir");
 * ```
 */
export function inOptionNames(text: string): string {
  return text.replace(VARIABLE, (name) => OPTIONS.get(name)!);
}

/**
 * The same of all sentences within a value of lists and plain objects; what is one word is somebody's name. Where
 * nothing is to be changed it is the value itself.
 */
export function toldInOptionNames<Value>(value: Value): Value {
  return told(value) as Value;
}

function told(value: unknown): unknown {
  if (typeof value === "string") return value.includes(" ") ? inOptionNames(value) : value;
  if (value instanceof GatehouseError) return ofError(value);
  if (Array.isArray(value)) {
    const all = value.map(told);
    return all.some((each, i) => each !== value[i]) ? all : value;
  }
  if (typeof value !== "object" || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const before = Object.entries(value);
  const after = before.map(([key, each]) => [key, told(each)] as const);
  return after.some(([, each], i) => each !== before[i]![1]) ? Object.fromEntries(after) : value;
}

/** What was thrown, as a program is to see it. Anything but an error of ours is left as it is. */
export function ofError(thrown: unknown): unknown {
  if (!(thrown instanceof GatehouseError)) return thrown;
  const { code, blame, message, data, cause, stack } = thrown;
  const text = inOptionNames(message);
  const { setting } = data;
  const own = typeof setting === "string" ? OPTIONS.get(setting) : undefined;
  if (text === message && own === undefined) return thrown;
  const known = own === undefined ? data : { ...data, setting: own };
  const error = new GatehouseError(code, blame, text, known, cause === undefined ? {} : { cause });
  return Object.assign(error, stack !== undefined && { stack: stack.replace(message, () => text) });
}

/**
 * What happens in a unit, in the words of options; the figures are as the clusters gave them. It begins where
 * `statuses` do, not when somebody begins to read, and who leaves early is forgotten there.
 */
export function statusesInOptionNames(
  statuses: AsyncGenerator<Status> | Promise<AsyncGenerator<Status>>,
): AsyncIterableIterator<Status> {
  const begun = Promise.resolve(statuses);
  return {
    async next() {
      const item = await (await begun).next();
      if (item.done || item.value.kind === "STATS_UPDATED") return item;
      return { done: false, value: toldInOptionNames(item.value) };
    },
    return() {
      // Before the start there is nothing to wait for.
      begun.then((each) => each.return(undefined));
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** A function that throws, or rejects, in the names of the options. */
export function inOwnNames<Given extends unknown[], Result>(
  act: (...given: Given) => Result,
): (...given: Given) => Result {
  return (...given) => {
    try {
      const result = act(...given);
      if (!(result instanceof Promise)) return result;
      return result.catch((error) => Promise.reject(ofError(error))) as Result;
    } catch (error) {
      throw ofError(error);
    }
  };
}

/** A log whose lines are. */
export function logInOptionNames(log: UnitLog): UnitLog {
  const told = (event: string, fields: LogFields) =>
    [inOptionNames(event), toldInOptionNames(fields)] as const;
  return Object.assign(logTo((level, ...line) => log[level](...told(...line))), {
    keepSecret: (secret: string) => log.keepSecret(secret),
    asWritten: (...line: Parameters<typeof told>) => log.asWritten(...told(...line)),
  });
}

/** A log for what bots log and print: that is theirs, only our advice on what they lack is told anew. */
export function botLogInOptionNames(log: Log): Log {
  const { name } = SETTINGS.clusterPermissions;
  const advised = (value: unknown) =>
    typeof value === "string"
      ? value.replaceAll(` to ${name}`, ` to ${optionOf("clusterPermissions")}`)
      : value;
  return logTo((level, event, fields) => {
    const pairs = Object.entries(fields).map(([key, value]) => [key, advised(value)] as const);
    log[level](event, Object.fromEntries(pairs));
  });
}

/** A part of `/api` that is Discord's answer, and passes as it came. */
const isDiscords = ({ pathname }: URL, { headers }: Response) =>
  pathname.startsWith("/api/") && !headers.has("x-gatehouse-error");

/** How the port tells callers why it does not do something, or how things stand. */
export const OPTION_WORDS: Words = { ofText: inOptionNames, ofAnswer };

async function ofAnswer(request: Request, answer: Response): Promise<Response> {
  const url = new URL(request.url);
  const isAbout = answer.status >= 400 || url.pathname === "/control/state";
  const isJson = answer.headers.get("content-type")?.startsWith("application/json") ?? false;
  if (!isAbout || !isJson || isDiscords(url, answer)) return answer;
  const { status, headers } = answer;
  const why = headers.get("x-gatehouse-error");
  if (why !== null) headers.set("x-gatehouse-error", inOptionNames(why));
  headers.delete("content-length");
  return new Response(inOptionNames(await answer.text()), { status, headers });
}
