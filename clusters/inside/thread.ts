/**
 * The program of a built-in cluster that is a thread of the unit. `../worker.ts` makes the
 * thread's main module of an import of the bot and a call of {@linkcode runThread}.
 *
 * @module
 */

import { messageOf } from "../../protocol/errors.ts";
import { botOf } from "../../bot/bot.ts";
import { logTo } from "../../ports/log.ts";
import { notLoaded } from "../../ports/user_module.ts";
import { encodeLogLine } from "../log.ts";
import type { ThreadWord } from "../words.ts";
import { type ClusterSettings, runCluster } from "./run.ts";
import { processFigures, threadFigures } from "../../ports/figures.ts";
import { printTo } from "./printing.ts";
import { withoutCacheApi } from "./without_cache_api.ts";

/** Unit → thread. */
export type ToThread =
  | {
    readonly type: "START";
    readonly settings: ClusterSettings;
    /** Nothing else is in this process. */
    readonly isAlone: boolean;
  }
  | { readonly type: "STOP" };

interface ThreadScope {
  onmessage: ((event: MessageEvent<ToThread>) => void) | null;
  postMessage(message: ThreadWord): void;
  addEventListener(type: "error" | "unhandledrejection", listener: (event: Event) => void): void;
}

const scope = globalThis as unknown as ThreadScope;
const log = logTo((level, event, fields) => {
  // Cloned as text: a field may hold what cannot be cloned.
  scope.postMessage({ type: "LOG", line: JSON.parse(encodeLogLine({ level, event, fields })) });
});
let isLoaded = false;
printTo((level, text) => scope.postMessage({ type: "PRINTED", level, text }));
withoutCacheApi();

function end(code: number, reason: string, thrown?: unknown): void {
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  scope.postMessage({ type: "EXITED", code, reason, ...(stack && { stack }) });
}

// Deno ends a thread that asks for it without a word to its unit, which would wait for it for ever.
const { exit } = Deno;
const quit = (code = 0): never => {
  end(code, `ended with code ${code}`);
  return exit(code);
};
Object.defineProperty(Deno, "exit", { value: quit });
Object.defineProperty(globalThis, "close", { value: () => quit() });

// This module comes before the bot's, which may throw. Later, as in a process, an author's mistake must
// not end the cluster, nor the unit with it.
for (const type of ["error", "unhandledrejection"] as const) {
  scope.addEventListener(type, (event) => {
    event.preventDefault();
    const { error, reason } = event as Event & { error?: unknown; reason?: unknown };
    const thrown = error ?? reason;
    if (!isLoaded) return end(1, notLoaded("the bot's module", thrown).message, thrown);
    const stack = thrown instanceof Error ? thrown.stack : undefined;
    log.error("uncaught error", { error: messageOf(thrown), stack });
  });
}

/** Waits for the unit's `START` and runs the bot of `module` until its `STOP`. */
export function runThread(module: unknown): void {
  isLoaded = true;
  let stopCluster: Promise<() => Promise<void>> | undefined;
  const start = async (settings: ClusterSettings, isAlone: boolean) => {
    const bot = botOf(module, settings.botModule);
    scope.postMessage({ type: "LOADED" });
    return await runCluster(settings, bot, log, isAlone ? processFigures : threadFigures);
  };
  scope.onmessage = ({ data }) => {
    if (data.type === "START") {
      stopCluster = start(data.settings, data.isAlone);
      stopCluster.catch((error) => end(1, messageOf(error), error));
      return;
    }
    stopCluster?.then((stop) => stop()).then(
      () => end(0, "asked to"),
      (error) => end(0, `shutdown failed: ${messageOf(error)}`),
    );
  };
}
