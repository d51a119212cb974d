/**
 * The command that runs Gatehouse with the least permissions, from whatever folder, wherever its code is.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { ownCode } from "../../config/module_url.ts";
import { permissionFlags } from "../../config/permissions.ts";
import type { Env } from "../../config/parse.ts";
import { askedOf } from "./asked.ts";

/** A command of Deno's. */
export interface LaunchCommand {
  readonly args: readonly string[];
  /** Whether it is told of the launcher's end by its input, which it does not read otherwise. */
  readonly isWatched: boolean;
}

/** What a launcher knows of its own place. */
export interface LaunchPlace {
  /** The address of our `mod.ts`. */
  readonly door: string;
  /** The executable of Deno. */
  readonly executable: string;
}

/**
 * What needs `"unstable"` in a `deno.json`, as a flag each: our own is not read where our code comes from an
 * address.
 */
export const UNSTABLE = ["--unstable-worker-options", "--unstable-no-legacy-abort"];

/** Programs that run until they are told to stop. */
const LASTING: readonly string[] = ["unit", "demo", "rest", "sim"];

/** Programs that talk to NATS where there is one. */
const MEET_FLEETS: readonly string[] = ["unit", "doctor"];

/** The command for these arguments, by these settings. */
export async function launchCommand(
  args: readonly string[],
  env: Env,
  { door, executable }: LaunchPlace,
): Promise<LaunchCommand> {
  const asked = askedOf(args);
  const code = [...ownCode(), ...besides(door)];
  const flags = await permissionFlags(asked, env, { executable, code });
  const isFleet = (env.NATS_URL ?? "") !== "" && MEET_FLEETS.includes(asked.program);
  const lock = isFleet ? "fleet/" : asked.program === "ask" ? "app/cli/" : "";
  return {
    args: [
      "run",
      "--no-prompt",
      "--ignore-env",
      ...codeFlags(door, lock),
      ...flags,
      main(door),
      ...args,
    ],
    isWatched: LASTING.includes(asked.program),
  };
}

/** What is read beside our code: the example bot of the first run, and what only a clone can do. */
function besides(door: string): string[] {
  if (!door.startsWith("file:")) return [];
  return ["examples", "bench/main.ts", "tools/soak/main.ts"]
    .map((name) => fileURLToPath(new URL(name, door)));
}

/** How Deno is to read our code: by our own `deno.json` and lock, where they are files, and nobody else's. */
function codeFlags(door: string, lock: string): string[] {
  if (!door.startsWith("file:")) {
    const own = ["--no-config", "--no-lock", "--node-modules-dir=none", ...UNSTABLE];
    // Deno knows JSR; that we may come from another host was allowed to who launches us.
    return jsrName(door) ? own : [...own, `--allow-import=${new URL(door).host}`];
  }
  const path = (name: string) => fileURLToPath(new URL(name, door));
  return [`--config=${path("deno.json")}`, `--lock=${path(`${lock}deno.lock`)}`];
}

/** A package of JSR is run by its name: its address is only where its files are. */
const ON_JSR = /^https:\/\/jsr\.io\/(@[^/]+\/[^/]+)\/([^/]+)\//;

/** `jsr:@scope/name@version` of the package whose file this is; `undefined` where it is from elsewhere. */
export function jsrName(address: string): string | undefined {
  const [, name, version] = ON_JSR.exec(address) ?? [];
  return name && `jsr:${name}@${version}`;
}

function main(door: string): string {
  return door.startsWith("file:") ? fileURLToPath(door) : jsrName(door) ?? door;
}
