/**
 * The environment and `.env` as one record. A variable that is set in the environment wins.
 *
 * @module
 */

import { parseEnv } from "node:util";

/** Variables by name. */
export type Env = Readonly<Record<string, string | undefined>>;

/**
 * What `text`, a file in the format of `.env`, sets, under what `environment` sets. A variable
 * that is set to nothing counts as not set.
 *
 * @example
 * ```ts
 * import { mergeEnv } from "./env_file.ts";
 * const env = mergeEnv({ LISTEN_PORT: "1" }, "LISTEN_PORT=2\nINTENTS=GUILDS # all we need");
 * console.assert(env.LISTEN_PORT === "1" && env.INTENTS === "GUILDS");
 * ```
 */
export function mergeEnv(environment: Env, text: string): Env {
  const file = parseEnv(text.replace(/^\uFEFF/, ""));
  return { ...isSet(file), ...isSet(environment) };
}

function isSet(env: Env): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1]?.trim())),
  );
}

/**
 * The environment of this process and the `.env` file at `path`, if there is one.
 *
 * @throws Whatever reading the file throws, unless there is no file.
 */
export async function readEnv(path = ".env"): Promise<Env> {
  return mergeEnv(Deno.env.toObject(), await textOf(path));
}

async function textOf(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
