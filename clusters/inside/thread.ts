/**
 * The program of a built-in cluster that is a thread of the unit. `../worker.ts` makes the
 * thread's main module of an import of the bot and a call of {@linkcode runThread}.
 *
 * @module
 */

import { messageOf } from "../../protocol/errors.ts";
import { logTo } from "../../ports/log.ts";
import { encodeLogLine, type LogLine } from "../log.ts";
import { type ClusterSettings, runCluster } from "./run.ts";
import { threadFigures } from "../../ports/figures.ts";

/** Unit → thread. */
export type ToThread =
  | { readonly type: "START"; readonly settings: ClusterSettings }
  | { readonly type: "STOP" };

/** Thread → unit. `EXITED` is its last word: a thread that ends says nothing by itself. */
export type FromThread =
  | { readonly type: "LOG"; readonly line: LogLine }
  | { readonly type: "EXITED"; readonly code: number; readonly reason: string };

interface ThreadScope {
  onmessage: ((event: MessageEvent<ToThread>) => void) | null;
  postMessage(message: FromThread): void;
  addEventListener(type: "error" | "unhandledrejection", listener: (event: Event) => void): void;
}

/** Waits for the unit's `START` and runs the bot of `module` until its `STOP`. */
export function runThread(module: unknown): void {
  const scope = globalThis as unknown as ThreadScope;
  const log = logTo((level, event, fields) => {
    // Cloned as text: a field may hold what cannot be cloned.
    scope.postMessage({ type: "LOG", line: JSON.parse(encodeLogLine({ level, event, fields })) });
  });
  let stopCluster: Promise<() => Promise<void>> | undefined;
  const end = (code: number, reason: string) => scope.postMessage({ type: "EXITED", code, reason });
  scope.onmessage = ({ data }) => {
    if (data.type === "START") {
      stopCluster = runCluster(data.settings, module, log, threadFigures);
      stopCluster.catch((error) => end(1, messageOf(error)));
      return;
    }
    stopCluster?.then((stop) => stop()).then(
      () => end(0, "asked to"),
      (error) => end(0, `shutdown failed: ${messageOf(error)}`),
    );
  };
  // As in a process: an author's mistake must not end the cluster, nor the unit with it.
  for (const type of ["error", "unhandledrejection"] as const) {
    scope.addEventListener(type, (event) => {
      event.preventDefault();
      const { error, reason } = event as Event & { error?: unknown; reason?: unknown };
      log.error("uncaught error", { error: messageOf(error ?? reason) });
    });
  }
}
