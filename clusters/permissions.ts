/**
 * What a built-in cluster may do: talk to its unit, and what `CLUSTER_PERMISSIONS` adds.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";

/** Kinds of permission that Deno knows. */
type Kind = "env" | "ffi" | "import" | "net" | "read" | "run" | "sys" | "write";

/** Permissions by kind: a list, or `any`. */
export interface ClusterPermissions {
  readonly allow: ReadonlyMap<Kind, readonly string[] | "any">;
  /** Flags `--deny-…`, as given. */
  readonly deny: readonly string[];
}

const FLAG = /^--(allow|deny)-(env|ffi|import|net|read|run|sys|write)(?:=(.+))?$/;

/** Variables that hold a secret of the unit: no cluster gets them, whatever is asked for. */
const SECRETS: readonly string[] = [
  "DISCORD_TOKEN",
  "EVENT_HANDLER_SECRET_KEY",
  "NATS_CREDENTIALS",
  "NATS_PASSWORD",
  "NATS_TOKEN",
  "NATS_URL",
  "REST_AUTHORIZATION",
];

/** Any free port of this machine, to listen at: the unit's workers bring events there. No port to dial. */
const LISTEN = "127.0.0.1:0";

/** What packages ask for when they are loaded; a process answers such questions with "not set". */
const HARMLESS = ["WS_NO_BUFFER_UTIL", "WS_NO_UTF_8_VALIDATE"];

/**
 * The permissions of a cluster: to talk to the unit at `unitUrl`, and the flags of its operator.
 *
 * @throws {GatehouseError} `bad_config` for a flag that is none, and where a variable is asked for
 * that a cluster must not see.
 */
export function clusterPermissions(unitUrl: string, flags: readonly string[]): ClusterPermissions {
  const { hostname, port, protocol } = new URL(unitUrl);
  const unit = `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
  const allow = new Map<Kind, readonly string[] | "any">([["net", [unit, LISTEN]]]);
  const deny: string[] = [];
  for (const flag of flags) {
    const match = FLAG.exec(flag);
    if (!match) throw bad(flag, "expected --allow-… or --deny-… of Deno");
    const [, verb, kind, list] = match as unknown as [string, string, Kind, string?];
    if (verb === "deny") deny.push(flag);
    else {
      if (kind === "env") checkEnv(flag, list);
      allow.set(kind, merge(allow.get(kind), list));
    }
  }
  return { allow, deny };
}

/** The variables that a cluster gets from the unit's environment. */
export function passedVariables({ allow }: ClusterPermissions): readonly string[] {
  const names = allow.get("env") ?? [];
  return names === "any" ? [] : names;
}

/** The variables that flags of an operator name, of whatever is right among them. */
export function variablesOf(flags: readonly string[]): string[] {
  return flags.flatMap((flag) => /^--allow-env=(.+)$/.exec(flag)?.[1]?.split(",") ?? []);
}

/** Permissions as flags of `deno run`. Other variables read as not set. */
export function permissionFlags({ allow, deny }: ClusterPermissions): string[] {
  const flags = [...allow].map(([kind, list]) =>
    list === "any" ? `--allow-${kind}` : `--allow-${kind}=${list.join(",")}`
  );
  return [...flags, "--ignore-env", ...deny];
}

/** What cannot be had where a cluster is a thread: which permissions, and who has them. */
interface ThreadLimits {
  /** Kinds that the process does not have itself. */
  readonly without: readonly Kind[];
  /** What it takes to have more. */
  readonly advice: string;
}

/** A thread of the unit, which Deno runs. */
const OF_UNIT: ThreadLimits = { without: [], advice: "it needs CLUSTER_ISOLATION=process" };

/** A thread of a compiled Gatehouse, whose own permissions were settled when it was made. */
export const COMPILED: ThreadLimits = {
  without: ["ffi", "import"],
  advice: "a compiled Gatehouse cannot give that; run it with Deno",
};

/**
 * Permissions as a Web Worker takes them.
 *
 * @throws {GatehouseError} `bad_config` for a `--deny-…`, which it does not know, and for what it cannot have.
 */
export function workerPermissions(
  { allow, deny }: ClusterPermissions,
  { without, advice }: ThreadLimits = OF_UNIT,
): Deno.PermissionOptionsObject {
  const missing = without.find((kind) => allow.has(kind));
  const refused = deny[0] ?? (missing && `--allow-${missing}`);
  if (refused) throw bad(refused, advice);
  const grant = (kind: Kind) => {
    const list = allow.get(kind);
    return list === "any" ? true : [...list ?? []];
  };
  return {
    env: [...HARMLESS, ...passedVariables({ allow, deny })],
    ffi: grant("ffi"),
    import: grant("import"),
    net: grant("net"),
    read: grant("read"),
    run: grant("run"),
    sys: grant("sys") as true,
    write: grant("write"),
  };
}

/**
 * What Deno says of a permission that a cluster lacks, with our setting in place of a flag that its author
 * cannot give.
 */
export function withOurAdvice(text: string): string {
  return text.replaceAll(MISSING, (_, kind: string, what: string) => {
    const missing = `Requires ${kind} access to ${what}`;
    if (kind === "all") return `${missing}, which no cluster has`;
    const list = /^"(.*)"$/.exec(what)?.[1] ?? "…";
    return `${missing}; add --allow-${kind}=${list} to CLUSTER_PERMISSIONS`;
  });
}

const MISSING = /Requires (\w+) access to ("[^"]*"|<\w+>), run again with the --allow-\w+ flag/g;

function checkEnv(flag: string, list: string | undefined): void {
  if (list === undefined) {
    throw bad(flag, "name the variables, for example --allow-env=DATABASE_URL");
  }
  const secret = list.split(",").find((name) => name.endsWith("*") || SECRETS.includes(name));
  if (secret) throw bad(flag, `clusters do not get ${secret}`);
}

function merge(
  before: readonly string[] | "any" | undefined,
  list: string | undefined,
): readonly string[] | "any" {
  if (before === "any" || list === undefined) return "any";
  return [...new Set([...before ?? [], ...list.split(",")])];
}

function bad(flag: string, why: string): GatehouseError {
  const text = `Cannot use CLUSTER_PERMISSIONS: ${flag}: ${why}`;
  return new GatehouseError("bad_config", "caller", text, { setting: "CLUSTER_PERMISSIONS", flag });
}
