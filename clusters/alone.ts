/**
 * The program of a built-in cluster in a compiled Gatehouse, which cannot give itself fewer permissions
 * than it was compiled with, but a thread: the bot is one, by itself in this process. So the unit's memory
 * and environment are out of its reach, it can be killed, and its end is nobody else's.
 *
 * @module
 */

import { systemClock } from "../ports/clock.ts";
import { logTo } from "../ports/log.ts";
import { stackOf } from "../ports/mistakes.ts";
import { messageOf } from "../protocol/errors.ts";
import { settingsFromEnv } from "./inside/settings.ts";
import { CLUSTER_STOP_DEADLINE_MS, type ClusterExit, type RunningCluster } from "./place.ts";
import { type ClusterWord, encodeWord, type LastWord } from "./words.ts";
import { startThread } from "./worker.ts";

/** The unit kills who takes longer than it allows; the longest that it can. */
const AS_LONG_AS_ALLOWED_MS = 24 * 60 * 60 * 1000;

const encoder = new TextEncoder();
const say = (word: ClusterWord) =>
  void Deno.stdout.writeSync(encoder.encode(encodeWord(word) + "\n"));
const log = logTo((level, event, fields) => say({ type: "LOG", line: { level, event, fields } }));

/**
 * Runs the cluster that the environment names until its unit stops it, or is gone. Gives the exit code; who
 * calls it ends the process, and with it a bot that is busy.
 *
 * @param permissions The flags of `CLUSTER_PERMISSIONS`.
 */
export async function runAlone(permissions: readonly string[]): Promise<number> {
  // A terminal sends Ctrl-C to the whole group; the unit, which gets it too, stops us in its turn.
  Deno.addSignalListener("SIGINT", () => {});
  try {
    const settings = settingsFromEnv((name) => Deno.env.get(name));
    const world = { clock: systemClock, log };
    const cluster = startThread({ ...settings, ...world, permissions, env: {} }, "alone");
    cluster.loaded.then(() => say({ type: "LOADED" }));
    stopAtTheEnd(cluster);
    return told(await cluster.exited);
  } catch (error) {
    say({ type: "EXITED", code: 1, reason: messageOf(error), ...stackOf(error) });
    return 1;
  }
}

function stopAtTheEnd(cluster: RunningCluster): void {
  let isStopping = false;
  const stop = (reason: string, deadlineMs: number) => {
    if (isStopping) return;
    isStopping = true;
    log.info("cluster stops", { reason });
    cluster.stop(deadlineMs);
  };
  Deno.addSignalListener("SIGTERM", () => stop("asked to", AS_LONG_AS_ALLOWED_MS));
  Array.fromAsync(Deno.stdin.readable)
    .finally(() => stop("the unit is gone", CLUSTER_STOP_DEADLINE_MS));
}

/** Says why it ended, unless its code says all. */
function told({ code, reason, stack }: ClusterExit): number {
  const word: LastWord = { type: "EXITED", code: code ?? 1, reason, ...(stack && { stack }) };
  const isPlain = reason === "asked to" || reason === `ended with code ${code}`;
  if (!isPlain && code === 0) log.error("cluster did not end well", { reason });
  else if (!isPlain) say(word);
  return word.code;
}
