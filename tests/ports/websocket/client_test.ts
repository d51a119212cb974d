import assert from "node:assert/strict";
import type { SocketEvents } from "../../../ports/socket.ts";
import { webSocketConnect } from "../../../ports/websocket/client.ts";

function events(): { reasons: string[]; events: SocketEvents } {
  const reasons: string[] = [];
  const never = () => assert.fail("it never opened");
  const failed = (reason: string) => void reasons.push(reason);
  return { reasons, events: { open: never, message: never, closed: never, failed } };
}

Deno.test("what cannot even be tried fails once, after its owner has it, with the reason", async () => {
  const { reasons, events: heard } = events();
  const socket = webSocketConnect()("http://a.test", heard);
  assert.deepEqual(reasons, []);
  socket.send("x");
  socket.sendBytes(Uint8Array.of(1));
  socket.close(1000, "");
  await Promise.resolve();
  assert.deepEqual(reasons, ["Cannot connect: found http:, wanted ws: or wss:"]);
  assert.equal(socket.bufferedBytes, 0);
});

Deno.test("what cannot even be tried is silent when it is destroyed first", async () => {
  const { reasons, events: heard } = events();
  webSocketConnect()("no address", heard).destroy();
  await Promise.resolve();
  assert.deepEqual(reasons, []);
});
