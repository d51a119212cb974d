import assert from "node:assert/strict";
import { deadSocket } from "../../ports/dead_socket.ts";

Deno.test("deadSocket() fails once, after its owner has it, with the reason", async () => {
  const reasons: string[] = [];
  const socket = deadSocket(
    { failed: (reason) => reasons.push(reason) },
    new Error("no such host"),
  );
  assert.deepEqual(reasons, []);
  socket.send("x");
  socket.sendBytes(Uint8Array.of(1));
  socket.close(1000, "");
  await Promise.resolve();
  assert.deepEqual(reasons, ["no such host"]);
  assert.equal(socket.bufferedBytes, 0);
});

Deno.test("deadSocket() is silent when it is destroyed first", async () => {
  const reasons: string[] = [];
  deadSocket({ failed: (reason) => reasons.push(reason) }, "why").destroy();
  await Promise.resolve();
  assert.deepEqual(reasons, []);
});
