/**
 * The environment of this process, as far as it may be seen.
 *
 * @module
 */

/**
 * All variables; where the program may not see all, those of `names` that it may.
 *
 * @param env Default: that of this process.
 */
export function visibleEnv(
  names: readonly string[],
  env: Pick<Deno.Env, "get" | "toObject"> = Deno.env,
): Record<string, string> {
  try {
    return env.toObject();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    return Object.fromEntries(names.flatMap((name) => seen(name, env)));
  }
}

function seen(name: string, env: Pick<Deno.Env, "get">): [string, string][] {
  try {
    const value = env.get(name);
    return value === undefined ? [] : [[name, value]];
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return [];
    throw error;
  }
}
