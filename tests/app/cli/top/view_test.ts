import assert from "node:assert/strict";
import { FIRST_VIEW, keysIn, press, type TopView } from "../../../../app/cli/top/view.ts";

const ROOM = { rows: 10, all: 64 };

const after = (...keys: string[]) =>
  keys.reduce((view, key) => press(view, key, ROOM) as TopView, FIRST_VIEW);

Deno.test("q, Esc, Ctrl-C and Ctrl-D quit", () => {
  for (const key of ["q", "Q", "escape", "ctrl-c", "ctrl-d"]) {
    assert.equal(press(FIRST_VIEW, key, ROOM), "quit");
    assert.equal(press({ ...FIRST_VIEW, isHelp: true }, key, ROOM), "quit");
  }
});

Deno.test("the key of a column sorts by it, from the top; again it is the other way round", () => {
  const view = after("down", "e");
  assert.deepEqual([view.sort, view.isReversed, view.offset], ["events", false, 0]);
  assert.deepEqual(after("e", "e").isReversed, true);
  assert.deepEqual(after("e", "R", "l").isReversed, false);
});

Deno.test("scrolling ends at the first row and at the last", () => {
  assert.equal(after("up", "pageup").offset, 0);
  assert.equal(after("down", "j", "pagedown").offset, 12);
  assert.equal(after("end").offset, 54);
  assert.equal(after("end", "down", "pagedown").offset, 54);
  assert.equal(after("end", "k", "home").offset, 0);
  assert.equal((press(FIRST_VIEW, "end", { rows: 10, all: 3 }) as TopView).offset, 0);
});

Deno.test("p and space pause, ? helps, any other key leaves the help", () => {
  assert.equal(after("p").isPaused, true);
  assert.equal(after("p", " ").isPaused, false);
  assert.equal(after("?").isHelp, true);
  assert.deepEqual(after("?", "e"), FIRST_VIEW);
  assert.deepEqual(after("x", "1", "ü"), FIRST_VIEW);
});

Deno.test("keysIn() knows what terminals send, several at a time", () => {
  assert.deepEqual(keysIn("e\x1b[A\x1bOB\x1b[5~\x1b[6~\x1b[H\x1b[Fü\x03"), [
    ...["e", "up", "down", "pageup", "pagedown", "home", "end", "ü", "ctrl-c"],
  ]);
  assert.deepEqual(keysIn("\x1b"), ["escape"]);
  // What nobody knows is one key that does nothing, and not several that do something.
  assert.deepEqual(keysIn("\x1b[1;5Cq"), ["\x1b[1;5C", "q"]);
  assert.deepEqual(keysIn(""), []);
});
