/**
 * Checks of this computer, and of this process on it.
 *
 * @module
 */

import type { Config } from "../../../config/config.ts";
import { adviceOn } from "../../http/listen.ts";
import { duration } from "../../../protocol/rounded.ts";
import type { Facts, StateFacts } from "../facts.ts";
import { fail, ok, type Seen, skipped, warn } from "../finding.ts";
import { bytesText, configOf } from "./words.ts";

/** What is tested with. */
const WANTED_DENO = [2, 9] as const;
/** With less the queue cannot even begin. */
const LEAST_DISK_BYTES = 64 * 1024 ** 2;
/** Beyond this somebody reads wrong times in logs. */
const SAME_TIME_MS = 10_000;

/** Whether Deno is one that we know. */
export function checkDeno({ host: { deno, isCompiled } }: Facts): Seen {
  const [major = 0, minor = 0] = deno.split(".").map(Number);
  const [wantedMajor, wantedMinor] = WANTED_DENO;
  const isOld = major < wantedMajor || major === wantedMajor && minor < wantedMinor;
  const wanted = WANTED_DENO.join(".");
  if (isOld) return fail(`Deno ${deno}`, `${wanted} or newer is needed: deno upgrade`);
  const inside = isCompiled ? ", inside this executable" : "";
  return major > wantedMajor
    ? warn(`Deno ${deno}${inside}`, `it is tested with ${wanted}; what breaks is worth an issue`)
    : ok(`Deno ${deno}${inside}`);
}

/** Whether this process may do what a unit does, and no more. */
export function checkPermissions({ settings, host: { permissions, isCompiled } }: Facts): Seen {
  if (permissions === null) return skipped(configOf(settings) ?? "there is nothing to do");
  const { missing, isAll } = permissions;
  if (missing.length > 0) {
    return fail(
      `missing: ${missing.join(" ")}`,
      BY_START,
    );
  }
  return isAll && !isCompiled
    ? warn(
      "this process may do everything (-A)",
      "start by `gatehouse start` or `deno task start`, which allow no more than is needed",
    )
    : ok("all that is needed");
}

const BY_START =
  "start by `gatehouse start` or `deno task start`, which work out what is needed; " +
  "else add the flag";

/** Whether the one port can be had. */
export function checkPort({ settings, host: { port, state } }: Facts): Seen {
  if (!settings.ok) return skipped(configOf(settings)!);
  const { listenHost, listenPort, listenFd } = settings.config;
  const address = `${listenHost}:${listenPort}`;
  if (port === null) return skipped(`the socket is handed over (LISTEN_FD ${listenFd})`);
  if ("free" in port) return ok(listenPort === 0 ? `${address}, any free port` : address);
  if (port.code === "EADDRINUSE" && state?.heldBy) {
    return warn(`${address} is taken, as the state folder is: a unit runs here`, ITSELF);
  }
  const advice = port.code === "NotCapable" ? BY_START : adviceOn(port).replace(/^; /, "");
  return fail(`${address}: ${port.failed}`, advice);
}

const ITSELF =
  "see it with `gatehouse status`; a second one needs another LISTEN_PORT and STATE_DIR";

/** Whether the state folder is ours alone, and can be written. */
export function checkState({ settings, host: { state, port } }: Facts): Seen[] {
  const why = configOf(settings, "the simulator writes nothing");
  if (why !== null || state === null) return [skipped(why ?? "there is none")];
  const { dir, problem, heldBy, foreign } = state;
  if (problem !== null) {
    return [fail(`${dir}: ${problem}`, "set STATE_DIR to a folder that this user may write to")];
  }
  if (foreign !== null) {
    return [fail(`${dir}: ${foreign}`, "two bots never share a state folder")];
  }
  const held = heldBy === null ? [] : [
    port !== null && "code" in port && port.code === "EADDRINUSE"
      ? warn(`${dir} is used by a unit, ${heldBy}`, ITSELF)
      : fail(`${dir} is used by a unit, ${heldBy}`, "stop that one, or set another STATE_DIR"),
  ];
  const damaged = state.damaged.map((name) =>
    warn(`${dir}/${name} cannot be read`, "nothing: a start sets it aside and begins that anew")
  );
  const seen = [...held, ...damaged];
  return seen.length > 0 ? seen : [ok(`${dir}${contents(state)}`)];
}

function contents({ isNew, sessions }: StateFacts): string {
  if (isNew) return ", which a start will make";
  const kept = [...sessions].filter(([, count]) => count > 0)
    .map(([total, count]) => `${count} of ${total}`);
  return kept.length === 0
    ? ", without a session"
    : `, with the sessions of ${kept.join(", ")} shards`;
}

/** Whether what waits for the bot has room. */
export function checkDisk({ settings, host: { state } }: Facts): Seen {
  const why = configOf(settings, "the simulator writes nothing");
  if (!settings.ok || why !== null || state === null) return skipped(why ?? "there is none");
  const { free } = state;
  const { queueDiskBytes } = settings.config;
  if ("failed" in free) return skipped(free.failed);
  const left = `${bytesText(free.is)} free`;
  if (queueDiskBytes === 0) return ok(`${left}; events are not kept there (QUEUE_DISK_BYTES=0)`);
  const found = `${left}, events may take ${bytesText(queueDiskBytes)} (QUEUE_DISK_BYTES)`;
  const advice = "make room, set a smaller QUEUE_DISK_BYTES, or another STATE_DIR";
  if (free.is < LEAST_DISK_BYTES) return fail(found, advice);
  return free.is < queueDiskBytes ? warn(found, advice) : ok(found);
}

/** Whether the clock is right. */
export function checkClock({ settings, discord }: Facts): Seen {
  const why = configOf(settings, "the simulator has this computer's");
  if (why !== null || discord === null) return skipped(why ?? "Discord was not asked");
  const { aheadMs } = discord;
  if (aheadMs === null) return skipped("Discord did not say what time it is");
  const off = Math.abs(aheadMs);
  if (off < SAME_TIME_MS) return ok("as Discord's");
  return warn(
    `${duration(off)} ${aheadMs > 0 ? "ahead of" : "behind"} Discord's`,
    "have it set (timedatectl set-ntp true): a unit goes by Discord's, and log lines do not",
  );
}

/** Whether what Discord sends can be read. */
export function checkCompression({ settings, host: { inflates } }: Facts): Seen {
  const config: Pick<Config, "gatewayCompression"> | null = settings.ok ? settings.config : null;
  const { works, isFast } = inflates;
  const can = (["zlib-stream", "zstd-stream"] as const).filter((each) => works[each]);
  const found = `can undo ${can.join(", ") || "none"}`;
  const asked = config?.gatewayCompression ?? "zlib-stream";
  if (!works[asked]) {
    return fail(
      `${asked} does not work here; ${found}`,
      `set GATEWAY_COMPRESSION=${can[0] ?? "none"}`,
    );
  }
  return isFast || asked === "none"
    ? ok(`${asked}; ${found}`)
    : warn(`${asked}, by the slow way`, "use the version of Deno that this one is tested with");
}
