/**
 * What a unit tells a cluster's process, as variables: they hold no token, and end with the process.
 *
 * @module
 */

import type { ClusterSettings } from "./run.ts";

/** The variables that {@linkcode settingsAsEnv} gives. */
export const OWN_VARIABLES = [
  "BOT_MODULE",
  "CLUSTER_ID",
  "GATEHOUSE_CREDENTIAL",
  "GATEHOUSE_URL",
  "SERVICE_NAME",
];

/** Settings as variables. */
export function settingsAsEnv(
  { botModule, peer, credential, unitUrl }: ClusterSettings,
): Record<string, string> {
  return {
    BOT_MODULE: botModule,
    ...(peer.kind === "cluster" ? { CLUSTER_ID: `${peer.id}` } : { SERVICE_NAME: peer.name }),
    GATEHOUSE_CREDENTIAL: credential,
    GATEHOUSE_URL: unitUrl,
  };
}

/**
 * Reads what {@linkcode settingsAsEnv} wrote; `get` gives a variable.
 *
 * @throws {Error} Where one is not set: nobody but a unit starts a cluster.
 */
export function settingsFromEnv(get: (name: string) => string | undefined): ClusterSettings {
  const need = (name: string) => {
    const value = get(name);
    if (value === undefined) throw new Error(`Cannot start cluster: ${name} is not set`);
    return value;
  };
  const service = get("SERVICE_NAME");
  return {
    peer: service === undefined
      ? { kind: "cluster", id: Number(need("CLUSTER_ID")) }
      : { kind: "service", name: service },
    unitUrl: need("GATEHOUSE_URL"),
    credential: need("GATEHOUSE_CREDENTIAL"),
    botModule: need("BOT_MODULE"),
  };
}
