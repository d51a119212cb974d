/**
 * What the bot of a thread prints, on its way to the unit's log: the outputs of the process are the unit's
 * own.
 *
 * @module
 */

import { Console } from "node:console";
import process from "node:process";
import { Writable } from "node:stream";

/**
 * Has the console, and what else goes to the outputs of Node, go to `print`; `warn`: the error output.
 */
export function printTo(print: (level: "info" | "warn", text: string) => void): void {
  const to = (level: "info" | "warn") =>
    new Writable({
      decodeStrings: false,
      write(chunk: string | Uint8Array, _encoding, done) {
        print(level, typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk));
        done();
      },
    });
  const stdout = to("info");
  const stderr = to("warn");
  globalThis.console = new Console({ stdout, stderr }) as unknown as typeof console;
  for (const [name, value] of Object.entries({ stdout, stderr })) {
    Object.defineProperty(process, name, { value, configurable: true });
  }
}
