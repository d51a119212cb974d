import assert from "node:assert/strict";
import { takeTerminal } from "../../../../app/cli/top/terminal.ts";

function setUp() {
  const said: (string | boolean)[] = [];
  const input = { setRaw: (isRaw: boolean) => void said.push(isRaw) };
  const terminal = takeTerminal(input, { write: (text) => void said.push(text) });
  return { said, terminal };
}

Deno.test("a terminal is given back once, as it was, and not drawn on any more", () => {
  const { said, terminal } = setUp();
  assert.deepEqual(said.splice(0), [true, "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J"]);
  terminal.draw(["a", "b"]);
  assert.deepEqual(said.splice(0), ["\x1b[Ha\x1b[K\r\nb\x1b[K"]);
  terminal.release();
  terminal.release();
  terminal.draw(["c"]);
  assert.deepEqual(said, ["\x1b[?7h\x1b[?25h\x1b[?1049l", false]);
});

Deno.test("a process that was stopped takes its terminal again", () => {
  const { said, terminal } = setUp();
  said.length = 0;
  terminal.retake();
  assert.equal(said[0], true);
});
