/**
 * A built-in cluster as a thread of the unit: 8 MB instead of 36, but out-of-memory ends the unit,
 * and a thread that is busy cannot be ended at all.
 *
 * @module
 */

import type { ClusterExit, RunningCluster, StartClusterOptions } from "./place.ts";
import { peerFields, peerText } from "../protocol/peer.ts";
import { shown } from "../protocol/record.ts";
import { lineSplitter } from "./log.ts";
import { clusterPermissions, COMPILED, withOurAdvice, workerPermissions } from "./permissions.ts";
import type { ToThread } from "./inside/thread.ts";
import { readWord } from "./words.ts";
import { inOneLine } from "../ports/user_module.ts";

/**
 * Starts a cluster's thread.
 *
 * @param where `alone`: in a process of its own, whose environment, memory and processor time are the
 * cluster's.
 * @throws {GatehouseError} `bad_config` when the permissions are wrong.
 */
export function startThread(
  options: StartClusterOptions,
  where: "beside the unit" | "alone" = "beside the unit",
): RunningCluster {
  const { botModule, clock, peer, credential, log, unitUrl } = options;
  const isAlone = where === "alone";
  const asked = clusterPermissions(unitUrl, options.permissions);
  const permissions = isAlone
    ? { ...workerPermissions(asked, COMPILED), env: true }
    : workerPermissions(asked);
  const who = peerFields(peer);
  const worker = new Worker(threadMain(botModule), {
    type: "module",
    name: peerText(peer),
    deno: { permissions },
  });
  const { promise: exited, resolve } = Promise.withResolvers<ClusterExit>();
  const loaded = Promise.withResolvers<void>();
  let isLoaded = false;
  const end = (exit: ClusterExit) => {
    worker.terminate();
    resolve(exit);
  };
  const printed = {
    info: lineSplitter((text) => log.info("cluster prints", { ...who, text: withOurAdvice(text) })),
    warn: lineSplitter((text) => log.warn("cluster prints", { ...who, text: withOurAdvice(text) })),
  };
  worker.onmessage = ({ data }) => {
    // The bot has our channel, too: it may say anything.
    const word = readWord(data);
    switch (word?.type) {
      case "EXITED": {
        const { type: _, ...exit } = word;
        return end(exit);
      }
      case "LOADED":
        isLoaded = true;
        return loaded.resolve();
      case "PRINTED":
        return printed[word.level].take(word.text);
      case "LOG": {
        const { level, event, fields } = word.line;
        return log[level](event, { ...fields, ...who });
      }
      default:
        log.warn("cluster says what is no word", { ...who, word: shown(data) });
    }
  };
  worker.onmessageerror = () => log.warn("cluster says what cannot be cloned", who);
  worker.onerror = (event) => {
    // Or the unit would end with it.
    event.preventDefault();
    const reason = inOneLine(event.message);
    end({ code: 1, reason: isLoaded ? reason : `Cannot load ${botModule}: ${reason}` });
  };
  const say = (message: ToThread) => worker.postMessage(message);
  say({ type: "START", settings: { botModule, peer, credential, unitUrl }, isAlone });
  return {
    exited,
    loaded: loaded.promise,
    async stop(deadlineMs) {
      say({ type: "STOP" });
      const cancel = clock.after(deadlineMs, () => {
        const reason = `did not stop within ${deadlineMs} ms`;
        log.error("thread did not stop: it may still be busy", { ...who, deadlineMs });
        end({ code: null, reason });
      });
      await exited;
      cancel();
    },
  };
}

/** What a thread runs: a module that imports the bot, which takes no permission to read its folder. */
export function threadMain(botModule: string): string {
  const thread = new URL("./inside/thread.ts", import.meta.url).href;
  const source = `import { runThread } from ${JSON.stringify(thread)};
import * as bot from ${JSON.stringify(botModule)};
runThread(bot);`;
  return `data:application/typescript,${encodeURIComponent(source)}`;
}
