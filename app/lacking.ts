/**
 * What a program of somebody's lacks to have a unit in it. It is told before anything is opened: found out later, a
 * thread would be lost, a connection fail, or the program end, with words that name no flag of its own.
 *
 * @module
 */

import type { Config } from "../config/config.ts";
import {
  type Grant,
  PERMISSION_KINDS,
  type PermissionKind,
  programGrants,
} from "../config/permissions.ts";
import { GatehouseError } from "../protocol/errors.ts";

/** Asks whether something is allowed, by kind and name. */
export type IsAllowed = (descriptor: Deno.PermissionDescriptor) => boolean;

const isGranted: IsAllowed = (descriptor) =>
  Deno.permissions.querySync(descriptor).state === "granted";

/**
 * The flags that are missing, as they are to be given.
 *
 * @param executable What clusters are started with.
 */
export function flagsLacked(
  config: Config,
  executable: string,
  isAllowed: IsAllowed = isGranted,
  env: Pick<Deno.Env, "get"> = Deno.env,
): string[] {
  const flags = flagsLackedOf(programGrants(config, executable), isAllowed);
  return isAsked(env) ? flags : [...flags, "--ignore-env"];
}

/** What of these grants is missing, as flags. */
export function flagsLackedOf(
  grants: Readonly<Partial<Record<PermissionKind, Grant>>>,
  isAllowed: IsAllowed = isGranted,
): string[] {
  return PERMISSION_KINDS.flatMap((kind) => {
    const grant = grants[kind] ?? [];
    // Which gateway an API other than Discord's names, it says later.
    if (grant === "any") return [];
    const missing = new Set(grant.filter((name) => !isAllowed(descriptorOf(kind, name))));
    return missing.size === 0 ? [] : [`--allow-${kind}=${[...missing].join(",")}`];
  });
}

/** A variable that our HTTP client asks for as it is loaded: it takes "not set", and fails with a refusal. */
const ASKED = "JEST_WORKER_ID";

function isAsked(env: Pick<Deno.Env, "get">): boolean {
  try {
    env.get(ASKED);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
}

/**
 * Makes sure that nothing is missing.
 *
 * @throws {GatehouseError} `bad_config` with all flags that are.
 */
export function requirePermissions(config: Config, executable: string = Deno.execPath()): void {
  const flags = flagsLacked(config, executable);
  if (flags.length === 0) return;
  const text = `Cannot start: this program lacks ${flags.join(" ")}`;
  throw new GatehouseError("bad_config", "host", text, { flags });
}

function descriptorOf(kind: string, name: string): Deno.PermissionDescriptor {
  switch (kind) {
    case "net":
      // Of a pattern, a host that it is for.
      return { name: "net", host: name.replace(/^\*\./, "gateway.") };
    case "run":
      return { name: "run", command: name };
    case "env":
      return { name: "env", variable: name };
    case "write":
      return { name: "write", path: name };
    default:
      return { name: "read", path: name };
  }
}
