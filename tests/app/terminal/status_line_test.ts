import assert from "node:assert/strict";
import { statusLine } from "../../../app/terminal/status_line.ts";

function terminal(isTerminal = true, columns = 80) {
  const printed: string[] = [];
  return { printed, line: statusLine((text) => printed.push(text), isTerminal, () => columns) };
}

const CLEAR = "\r\x1b[2K";

Deno.test("statusLine() draws over itself, and not again when nothing changed", () => {
  const { printed, line } = terminal();
  line.show("one");
  line.show("one");
  line.show("two");
  assert.deepEqual(printed, [`${CLEAR}one`, `${CLEAR}two`]);
});

Deno.test("statusLine() lets lines pass above it", () => {
  const { printed, line } = terminal();
  line.write("log 1\n");
  line.show("status");
  line.write("log 2\n");
  line.show("");
  line.write("log 3\n");
  assert.deepEqual(printed, [
    "log 1\n",
    `${CLEAR}status`,
    `${CLEAR}log 2\nstatus`,
    CLEAR,
    "log 3\n",
  ]);
});

Deno.test("statusLine() is never wider than the terminal", () => {
  const { printed, line } = terminal(true, 5);
  line.show("abcdefgh");
  assert.deepEqual(printed, [`${CLEAR}abcd`]);
});

Deno.test("statusLine() is nothing where the output is no terminal", () => {
  const { printed, line } = terminal(false);
  line.show("status");
  line.write("log\n");
  assert.deepEqual(printed, ["log\n"]);
});
