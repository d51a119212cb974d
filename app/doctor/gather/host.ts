/**
 * Looks at this computer, and at what this process may do. What is written to find out is deleted again.
 *
 * @module
 */

import type { Config } from "../../../config/config.ts";
import { isDiscord } from "../../../config/rules.ts";
import { DISCORDS_GATEWAY } from "../../../protocol/discord/token_hosts.ts";
import { messageOf } from "../../../protocol/errors.ts";
import { hasSyncInflate, inflates } from "../../../gateway/inflate.ts";
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
  const wanted = wantedBy(config);
  const states = await Promise.all(wanted.map((each) => Deno.permissions.query(each)));
  const kinds = ["env", "ffi", "net", "read", "run", "sys", "write"] as const;
  const all = await Promise.all(kinds.map((name) => Deno.permissions.query({ name })));
  return {
    missing: wanted.filter((_, i) => states[i]!.state !== "granted").map(flagOf),
    isAll: all.every(({ state }) => state === "granted"),
  };
}

function wantedBy(config: Config): Deno.PermissionDescriptor[] {
  const { listenHost, listenPort, stateDir, mode, botModule, services, clusterIsolation } = config;
  const bracketed = listenHost.includes(":") ? `[${listenHost}]` : listenHost;
  const listen = { name: "net", host: `${bracketed}:${listenPort}` } as const;
  const code = { name: "read", path: "." } as const;
  if (mode === "simulator") return [listen, code];
  const dialled = [config.discordApiUrl, ...config.eventHandlerUrls, ...config.natsUrls].map(
    hostOf,
  );
  const hosts = isDiscord(config) ? [...dialled, new URL(DISCORDS_GATEWAY).host + ":443"] : dialled;
  const starts = clusterIsolation === "process" && (botModule !== null || services.length > 0);
  return [
    listen,
    code,
    ...hosts.map((host) => ({ name: "net", host }) as const),
    { name: "read", path: stateDir },
    { name: "write", path: stateDir },
    ...starts ? [{ name: "run", command: Deno.execPath() } as const] : [],
  ];
}

/** The port of each protocol, where an address names none. */
const PORTS: Readonly<Record<string, number>> = {
  "http:": 80,
  "https:": 443,
  "ws:": 80,
  "wss:": 443,
  "nats:": 4222,
  "tls:": 4222,
};

function hostOf(address: string): string {
  const { hostname, port, protocol } = new URL(address);
  return `${hostname}:${port || PORTS[protocol]}`;
}

function flagOf(wanted: Deno.PermissionDescriptor): string {
  const { name, host, path, command } = wanted as {
    name: string;
    host?: string;
    path?: string;
    command?: string;
  };
  return `--allow-${name}=${host ?? path ?? command}`;
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
