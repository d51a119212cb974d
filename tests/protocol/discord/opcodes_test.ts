import assert from "node:assert/strict";
import { COMMAND_OPS, isCommandOp, OP } from "../../../protocol/discord/opcodes.ts";

Deno.test("a bot may send presence, voice, member, soundboard and channel requests, nothing else", () => {
  assert.deepEqual([...COMMAND_OPS].sort((a, b) => a - b), [3, 4, 8, 31, 43]);
});

Deno.test("what belongs to the session itself is no command", () => {
  for (const op of [OP.HEARTBEAT, OP.IDENTIFY, OP.RESUME, OP.DISPATCH, OP.HELLO]) {
    assert.equal(COMMAND_OPS.has(op), false);
    assert.equal(isCommandOp(op), false);
  }
});

Deno.test("what we do not know may be a command of tomorrow, what is no opcode is none", () => {
  for (const op of [...COMMAND_OPS, 5, 12, 255]) assert.equal(isCommandOp(op), true);
  for (const op of [-1, 0.5, NaN, 2 ** 60]) assert.equal(isCommandOp(op), false);
});
