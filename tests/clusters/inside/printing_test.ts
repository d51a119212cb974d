import assert from "node:assert/strict";
import process from "node:process";
import { printTo } from "../../../clusters/inside/printing.ts";

Deno.test("printTo() gets what the console and the outputs of Node print, and on which", () => {
  const before = { console: globalThis.console, out: process.stdout, err: process.stderr };
  const printed: [string, string][] = [];
  printTo((level, text) => printed.push([level, text]));
  try {
    console.log("n is %d", 1, { a: 1 });
    console.error("no");
    console.group("in");
    console.info("deep");
    process.stdout.write("half ");
    process.stderr.write(new TextEncoder().encode("bytes\n"));
  } finally {
    globalThis.console = before.console;
    Object.defineProperty(process, "stdout", { value: before.out, configurable: true });
    Object.defineProperty(process, "stderr", { value: before.err, configurable: true });
  }
  assert.deepEqual(printed, [
    ["info", "n is 1 { a: 1 }\n"],
    ["warn", "no\n"],
    ["info", "in\n"],
    ["info", "  deep\n"],
    ["info", "half "],
    ["warn", "bytes\n"],
  ]);
});
