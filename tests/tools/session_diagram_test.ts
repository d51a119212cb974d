import assert from "node:assert/strict";
import { sessionMoves, sessionPage } from "../../tools/session_diagram.ts";
import { CELLS } from "../../gateway/session_table.ts";

Deno.test("sessionMoves() runs every cell of the table", () => {
  const kinds = (name: string) => name.replace(/( to |, ).*$/, "");
  const run = new Set(sessionMoves().map(({ from }) => kinds(from)));
  assert.deepEqual([...run].sort(), Object.keys(CELLS).sort(), "every state is reached");
  const cells = Object.values(CELLS).reduce((sum, inputs) => sum + Object.keys(inputs).length, 0);
  assert(sessionMoves().length >= cells, "every cell has at least one move");
});

Deno.test("sessionMoves() knows the way from the start to an identified session", () => {
  const moves = sessionMoves();
  let state = "idle";
  const path = ["start", "permit", "opened", "HELLO", "READY"];
  for (const input of path) {
    const move = moves.find((each) => each.from === state && each.input === input);
    assert(move, `${input} is legal in ${state}`);
    state = move.to;
  }
  assert.equal(state, "ready");
});

Deno.test("sessionPage() draws a Mermaid picture whose states have no blanks in their names", () => {
  const picture = /```mermaid\n([\s\S]*?)```/.exec(sessionPage())![1]!;
  const arrows = picture.trim().split("\n").slice(1);
  assert(arrows.length > 10);
  for (const arrow of arrows) assert.match(arrow, /^ {2}(\[\*\]|\w+) --> \w+(: .+)?$/);
});
