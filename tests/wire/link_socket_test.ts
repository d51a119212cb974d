import assert from "node:assert/strict";
import { acceptLink } from "../../app/http/sockets.ts";
import type { LinkSocket } from "../../link/links.ts";
import { openHttpPort } from "../support/http_port.ts";

/** A port whose sockets go to links that write down what they are told. */
async function serve() {
  const told: string[] = [];
  const accepted = Promise.withResolvers<LinkSocket>();
  const closed = Promise.withResolvers<void>();
  const links = {
    accept(socket: LinkSocket) {
      accepted.resolve(socket);
      return {
        text: (text: string) => void told.push(text),
        closed: () => closed.resolve(),
      };
    },
  };
  const port = await openHttpPort((request) => acceptLink(request, links));
  return {
    url: `127.0.0.1:${port.port}`,
    told,
    accepted: accepted.promise,
    closed: closed.promise,
    [Symbol.asyncDispose]: () => port[Symbol.asyncDispose](),
  };
}

/** The next message of a socket. */
function next({ socket }: { socket: WebSocket }): Promise<unknown> {
  return new Promise((resolve) => {
    socket.addEventListener("message", ({ data }) => resolve(data), { once: true });
  });
}

Deno.test("acceptLink() asks for an upgrade where there is none", async () => {
  await using rig = await serve();
  const answer = await fetch(`http://${rig.url}/events`);
  assert.deepEqual([answer.status, answer.headers.get("upgrade")], [426, "websocket"]);
  assert.deepEqual(await answer.json(), { error: "expected a WebSocket upgrade" });
});

Deno.test("acceptLink() hands texts and the end to the links, and its words and bytes to the socket", async () => {
  await using rig = await serve();
  const socket = new WebSocket(`ws://${rig.url}/events`);
  socket.binaryType = "arraybuffer";
  const link = await rig.accepted;
  let message = next({ socket });
  link.send("welcome");
  assert.equal(await message, "welcome");
  message = next({ socket });
  link.sendBytes(new Uint8Array([1, 2, 3]));
  assert.deepEqual(new Uint8Array(await message as ArrayBuffer), new Uint8Array([1, 2, 3]));
  // Binary means nothing in this direction: the links, which get an empty text, refuse it.
  socket.send(new Uint8Array([9]));
  socket.send("hello");
  socket.close();
  await rig.closed;
  assert.deepEqual(rig.told, ["", "hello"]);
  // The links may not know yet.
  link.send("too late");
  link.sendBytes(new Uint8Array(1));
  link.close(4503, "too late");
});

Deno.test("acceptLink() closes with the links' code and reason", async () => {
  await using rig = await serve();
  const socket = new WebSocket(`ws://${rig.url}/events`);
  const ended = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
  (await rig.accepted).close(4404, "no such cluster");
  const { code, reason } = await ended;
  assert.deepEqual([code, reason], [4404, "no such cluster"]);
  await rig.closed;
});
