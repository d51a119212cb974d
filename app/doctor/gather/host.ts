/**
 * Looks at this computer, and at what this process may do. What is written to find out is deleted again.
 *
 * @module
 */

import type { Config } from "../../../config/config.ts";
import { ownCode } from "../../../config/module_url.ts";
import { unitGrants } from "../../../config/permissions.ts";
import { messageOf } from "../../../protocol/errors.ts";
import { hasSyncInflate, inflates } from "../../../gateway/inflate.ts";
import { flagsLackedOf } from "../../lacking.ts";
import type { HostFacts, PermissionFacts } from "../facts.ts";
import { gatherState } from "./state.ts";

/** Looks. `config`: `null` where the settings are wrong. */
export async function gatherHost(config: Config | null, envPath: string): Promise<HostFacts> {
  const [envFile, permissions, port, state] = await Promise.all([
    envFileAt(envPath),
    config && permissionsFor(config),
    config && (config.listenFd === null ? tryPort(config) : null),
    config && config.mode === "discord" ? gatherState(config) : null,
  ]);
  return {
    deno: Deno.version.deno,
    isCompiled: Deno.build.standalone,
    envFile,
    permissions,
    port,
    state,
    inflates: { works: inflates(), isFast: hasSyncInflate() },
  };
}

async function envFileAt(path: string): Promise<HostFacts["envFile"]> {
  try {
    return { path, mode: (await Deno.stat(path)).mode };
  } catch {
    // What cannot be read at all is told among the settings.
    return null;
  }
}

/** What of a unit's work this process may not do. */
export async function permissionsFor(config: Config): Promise<PermissionFacts> {
  const machine = { executable: Deno.execPath(), code: ownCode() };
  const kinds = ["env", "ffi", "net", "read", "run", "sys", "write"] as const;
  const all = await Promise.all(kinds.map((name) => Deno.permissions.query({ name })));
  return {
    missing: flagsLackedOf(unitGrants(config, machine)),
    isAll: all.every(({ state }) => state === "granted"),
  };
}

/** Takes the port for a moment. */
export function tryPort(
  { listenHost, listenPort }: Pick<Config, "listenHost" | "listenPort">,
): NonNullable<HostFacts["port"]> {
  try {
    Deno.listen({ hostname: listenHost, port: listenPort }).close();
    return { free: true };
  } catch (error) {
    const { code, name } = error as { code?: string; name: string };
    return { code: code ?? name, failed: messageOf(error) };
  }
}
