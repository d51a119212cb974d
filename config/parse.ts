/**
 * From the environment and `.env` to a {@linkcode Config}, or to the list of everything that is wrong
 * with it.
 *
 * @module
 */

import { parseEnv } from "node:util";
import { loadValibot } from "../deps.ts";
import { messageOf } from "../protocol/errors.ts";
import { redactor } from "../ports/redact.ts";
import {
  type Config,
  CONFIG_DEFAULTS,
  type Field,
  FIELDS,
  type Problem,
  type Setting,
  SETTING_NAMES,
  SETTINGS,
} from "./config.ts";
import { unreadLines } from "./env_lines.ts";
import { nearest, shapeOf } from "./readers.ts";
import { brokenRules } from "./rules.ts";

/** What came of reading the settings. `warnings` do not stop the unit, whatever else came. */
export type ParsedConfig =
  & { readonly warnings: readonly Problem[] }
  & (
    | { readonly ok: true; readonly config: Config }
    | { readonly ok: false; readonly problems: readonly Problem[] }
  );

/** How to read the settings. */
export interface ParseOptions {
  /** Play against the simulator whatever is set; the token is not used. `deno task demo`. */
  readonly simulator?: boolean;
  /** The bot's module, instead of `BOT_MODULE`: an argument, not a setting, so that it may be all that is given. */
  readonly bot?: string;
  /** Whether `DISCORD_TOKEN` may be missing: every caller brings its own. `deno task rest`. */
  readonly withoutToken?: boolean;
  /** Lines of `.env` that set nothing and were meant to: they are warned of, and count as an attempt. Default: none. */
  readonly unread?: readonly Problem[];
}

/**
 * Reads every setting in `env`; other variables are left alone.
 *
 * - All problems are reported at once, none holds a secret.
 * - With no setting at all the mode is `simulator`. With any setting `DISCORD_TOKEN` is needed.
 * - A variable whose name is nearly that of a setting is warned about, and counts as an attempt to
 *   set one: a misspelt token must not start the simulator.
 *
 * @example
 * ```ts
 * import { parseConfig } from "./parse.ts";
 * const parsed = await parseConfig({ DISCORD_TOKEN: "Bot a.b.c", TOTAL_SHARDS: "four" });
 * console.assert(!parsed.ok && parsed.problems[0]?.setting === "TOTAL_SHARDS");
 * ```
 */
export async function parseConfig(
  settingsGiven: Env,
  options: ParseOptions = {},
): Promise<ParsedConfig> {
  const v = await loadValibot();
  const { bot } = options;
  const env = bot === undefined ? settingsGiven : { ...settingsGiven, BOT_MODULE: bot };
  const settings: Readonly<Record<Field, Setting<unknown>>> = SETTINGS;
  const textOfField = (field: Field) => textOf(env, settings[field].name);
  // A secret may have been pasted into another setting as well.
  const secrets = FIELDS.filter((field) => settings[field].read.secret).map(textOfField);
  const redact = redactor(secrets.flatMap(partsOf));
  const hide = (text: string) => String(redact(text));
  const warnings = [...options.unread ?? [], ...misspelt(env)];
  const given = FIELDS.filter((field) => textOfField(field) !== "");
  const isTouched = FIELDS.some((field) => textOf(settingsGiven, settings[field].name) !== "");
  const untouched = !isTouched && warnings.length === 0;
  const mode = options.simulator || untouched ? "simulator" : "discord";

  const wrong = new Map<Field, Problem>();
  const values: Partial<Record<Field, unknown>> = {};
  for (const field of given) {
    const setting = settings[field];
    const read = v.safeParse(setting.read.schema(v), textOfField(field));
    if (read.success) values[field] = read.output;
    else wrong.set(field, problem(setting, received(setting, textOfField(field), hide)));
  }
  if (mode === "simulator") delete values.discordToken;
  else if (!given.includes("discordToken") && !options.withoutToken) {
    wrong.set("discordToken", problem(SETTINGS.discordToken, "nothing"));
  }

  const config: Config = { ...CONFIG_DEFAULTS, ...values as Partial<Config>, mode };
  // A setting that is wrong has its default in `config`: others are not blamed for that.
  const broken = brokenRules(config, { except: wrong })
    .map((rule) => ({ ...rule, received: hide(rule.received) }));
  const problems = [...wrong.values(), ...broken];
  if (problems.length === 0) return { ok: true, config, warnings };
  return { ok: false, problems, warnings };
}

function textOf(env: Env, name: string): string {
  return env[name]?.trim() ?? "";
}

/** A secret, and the words of one that should have been a single word. */
function partsOf(secret: string): string[] {
  return [secret, ...secret.split(/\s+/).filter((word) => word.length >= 8)];
}

function problem({ name, read }: Setting<unknown>, received: string): Problem {
  return { setting: name, expected: read.expected, received };
}

/** A text that was refused, as it may be shown: of a secret only its shape. */
function received({ read }: Setting<unknown>, text: string, hide: (text: string) => string) {
  if (read.secret) return shapeOf(text);
  const hidden = hide(text);
  // An address may hold a password.
  const shown = JSON.stringify(hidden.replace(/\/\/[^/@\s]*@/g, "//[redacted]@"));
  return shown + (read.hint?.(hidden) ?? "");
}

/** Variables that are no setting, but whose name is nearly that of one. */
function misspelt(env: Env): Problem[] {
  return Object.keys(env).sort().filter((name) => textOf(env, name) !== "" && looksMisspelt(name))
    .map((name) => ({
      setting: name,
      expected: `${nearest(name, SETTING_NAMES)[0]}`,
      received: "a name that is no setting",
    }));
}

/** What systemd says of the sockets that it hands over: not to us. */
const SYSTEMDS: readonly string[] = ["LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID"];

/** Whether `name` is no setting, but reads like an attempt at one. */
export function looksMisspelt(name: string): boolean {
  return !SYSTEMDS.includes(name) && !SETTING_NAMES.includes(name) &&
    nearest(name, SETTING_NAMES).length > 0;
}

/** Variables by name. */
export type Env = Readonly<Record<string, string | undefined>>;

/**
 * What `text`, a file in the format of `.env`, sets, under what `environment` sets. A variable
 * that is set to nothing counts as not set.
 *
 * @example
 * ```ts
 * import { mergeEnv } from "./parse.ts";
 * const env = mergeEnv({ LISTEN_PORT: "1" }, "LISTEN_PORT=2\nINTENTS=GUILDS # all we need");
 * console.assert(env.LISTEN_PORT === "1" && env.INTENTS === "GUILDS");
 * ```
 */
export function mergeEnv(environment: Env, text: string): Env {
  const file = parseEnv(text.replace(/^\uFEFF/, ""));
  return { ...isSet(file), ...isSet(environment) };
}

/** The settings of this process and of the `.env` file at `path`; one that cannot be read is a problem. */
export async function readConfig(options: ParseOptions = {}, path = ".env"): Promise<ParsedConfig> {
  let text: string;
  try {
    text = await textIn(path);
  } catch (error) {
    const problem = {
      setting: path,
      expected: "a file that can be read",
      received: messageOf(error),
    };
    return { ok: false, problems: [problem], warnings: [] };
  }
  const env = mergeEnv(Deno.env.toObject(), text);
  return await parseConfig(env, { ...options, unread: unreadLines(text) });
}

function isSet(env: Env): Env {
  return Object.fromEntries(
    Object.keys(env).filter((name) => textOf(env, name) !== "")
      .map((name) => [name, env[name]]),
  );
}

/**
 * The environment of this process and the `.env` file at `path`, if there is one.
 *
 * @throws Whatever reading the file throws, unless there is no file.
 */
export async function readEnv(path = ".env"): Promise<Env> {
  return mergeEnv(Deno.env.toObject(), await textIn(path));
}

/** What is in a file; nothing where there is none. */
async function textIn(path: string): Promise<string> {
  return await Deno.readTextFile(path).catch((error: unknown) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
}
