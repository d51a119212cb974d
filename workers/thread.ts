/**
 * {@linkcode SpawnThread} on Web Workers.
 *
 * @module
 */

import type { SpawnThread } from "./slot.ts";

/**
 * Starts `workers/entry.ts` in a Web Worker.
 *
 * @param permissions `least`: the worker keeps the network and loses files, programs and the
 * environment. Needs `"unstable": ["worker-options"]`, as our `deno.json` has it; without it Deno
 * ends the process. `inherit`: the worker may do what the process may.
 * @param queueDir The one folder that a worker with `least` may write to; `null`: none.
 * @param modules Folders of modules that it may load beside its own.
 */
export function spawnWorker(
  permissions: "least" | "inherit",
  queueDir: string | null,
  modules: readonly string[] = [],
): SpawnThread {
  const deno = { permissions: least(queueDir, modules) };
  return ({ message, failed }) => {
    const worker = new Worker(new URL("./entry.ts", import.meta.url), {
      type: "module",
      name: "gatehouse-shards",
      ...(permissions === "least" ? { deno } : {}),
    });
    worker.onmessage = (event) => message(event.data);
    worker.onmessageerror = () => failed("it sent something that cannot be cloned");
    worker.onerror = (event) => {
      // Without this an error in a worker ends the whole process.
      event.preventDefault();
      failed(event.message);
    };
    return {
      post: (data) => worker.postMessage(data),
      terminate: () => worker.terminate(),
    };
  };
}

function least(
  queueDir: string | null,
  modules: readonly string[],
): Deno.PermissionOptionsObject {
  const queue = queueDir === null ? [] : [queueDir];
  return {
    env: false,
    net: "inherit",
    read: [...queue, ...modules],
    write: queue,
    run: false,
    ffi: false,
    sys: false,
    import: false,
  };
}
