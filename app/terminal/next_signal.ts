/**
 * The signals that ask a program to stop.
 *
 * @module
 */

/** Resolves with the name of the next SIGINT or SIGTERM. */
export function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const listener = () => {
        Deno.removeSignalListener(signal, listener);
        resolve(signal);
      };
      Deno.addSignalListener(signal, listener);
    }
  });
}
