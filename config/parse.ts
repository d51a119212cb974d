/**
 * From the environment to a {@linkcode Config}, or to the list of everything that is wrong with it.
 *
 * @module
 */

import { loadValibot } from "../deps.ts";
import { INTENTS, isIntentName } from "../protocol/discord/intents.ts";
import { type Config, CONFIG_DEFAULTS, type Problem } from "./config.ts";
import { brokenRules } from "./rules.ts";
import type { Env } from "./env_file.ts";
import { nearest } from "./nearest.ts";
import { redactor } from "../ports/redact.ts";
import { intentNames, SECRET_SETTINGS, type Setting, settings } from "./settings.ts";

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
  /** Whether `DISCORD_TOKEN` may be missing: every caller brings its own. `deno task rest`. */
  readonly withoutToken?: boolean;
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
export async function parseConfig(env: Env, options: ParseOptions = {}): Promise<ParsedConfig> {
  const v = await loadValibot();
  const table = settings(v);
  // A secret may have been pasted into another setting as well.
  const redact = redactor(SECRET_SETTINGS.flatMap((name) => partsOf(textOf(env, name))));
  const hide = (text: string) => String(redact(text));
  const warnings = misspelt(env, Object.keys(table));
  const given = Object.keys(table).filter((name) => textOf(env, name) !== "");
  const untouched = given.length === 0 && warnings.length === 0;
  const mode = options.simulator || untouched ? "simulator" : "discord";

  const problems: Problem[] = [];
  const fields: Record<string, unknown> = {};
  for (const name of given) {
    const setting = table[name]!;
    const read = v.safeParse(setting.schema, textOf(env, name));
    if (read.success) fields[setting.field] = read.output;
    else if (setting.secret) problems.push(wrongSecret(name, setting, textOf(env, name)));
    else problems.push(wrong(name, setting, hide(textOf(env, name))));
  }
  if (mode === "simulator") delete fields.discordToken;
  else if (!given.includes("DISCORD_TOKEN") && !options.withoutToken) {
    problems.push(missingToken(table));
  }

  const config: Config = { ...CONFIG_DEFAULTS, ...fields as Partial<Config>, mode };
  // A setting that is wrong has its default in `config`: do not blame others for that.
  const blameless = new Set(problems.map((problem) => problem.setting));
  for (const broken of brokenRules(config)) {
    if (!mentions(broken, blameless)) problems.push({ ...broken, received: hide(broken.received) });
  }
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

function missingToken(table: ReturnType<typeof settings>): Problem {
  const { expected } = table.DISCORD_TOKEN!;
  return { setting: "DISCORD_TOKEN", expected, received: "nothing" };
}

function wrong(name: string, setting: Setting, text: string): Problem {
  // An address may hold a password.
  const shown = JSON.stringify(text.replace(/\/\/[^/@\s]*@/g, "//[redacted]@"));
  const hint = name === "INTENTS" ? unknownIntents(text) : "";
  return { setting: name, expected: setting.expected, received: shown + hint };
}

/** Of a secret only its shape may be told. */
function wrongSecret(name: string, { expected }: Setting, text: string): Problem {
  const words = text.split(/\s+/).length;
  const kind = words > 1 ? `${words} words` : "one word that is not plain ASCII, or only Bot";
  return { setting: name, expected, received: `a text of ${text.length} characters, ${kind}` };
}

function unknownIntents(text: string): string {
  const unknown = intentNames(text).filter((name) => !isIntentName(name) && !/^\d+$/.test(name));
  const hints = unknown.map((name) => {
    const [meant] = nearest(name, Object.keys(INTENTS), Math.ceil(name.length / 3));
    return meant ? `${name} is unknown, did you mean ${meant}?` : `${name} is unknown`;
  });
  return hints.length === 0 ? "" : ` (${hints.join("; ")})`;
}

/** Variables that are no setting, but whose name is nearly that of one. */
function misspelt(env: Env, names: readonly string[]): Problem[] {
  return Object.keys(env).sort().flatMap((name) => {
    if (textOf(env, name) === "" || !looksMisspelt(name, names)) return [];
    const [meant] = nearest(name, names);
    return [{ setting: name, expected: `${meant}`, received: "a name that is no setting" }];
  });
}

/** Whether `name` is no setting, but reads like an attempt at one. */
export function looksMisspelt(name: string, names: readonly string[]): boolean {
  return !names.includes(name) && nearest(name, names).length > 0;
}

function mentions(broken: Problem, settings: ReadonlySet<string>): boolean {
  return [...settings].some((name) => broken.setting === name || broken.expected.includes(name));
}
