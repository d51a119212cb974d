import assert from "node:assert/strict";
import net from "node:net";
import { asByteStream } from "../../../ports/websocket/net_stream.ts";

Deno.test("asByteStream() writes, says when that is taken, and says nothing once it is destroyed", async () => {
  const came = Promise.withResolvers<string>();
  const server = net.createServer((conn) => {
    conn.once("data", (bytes) => came.resolve(bytes.toString()));
    conn.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stream = net.connect((server.address() as net.AddressInfo).port, "127.0.0.1");
  stream.on("error", () => {});
  await new Promise<void>((resolve) => stream.once("connect", resolve));
  const bytes = asByteStream(stream);
  await new Promise<void>((taken) => bytes.write(new TextEncoder().encode("hello"), taken));
  assert.equal(await came.promise, "hello");
  const ended = new Promise((resolve) => stream.once("close", resolve));
  bytes.destroy();
  bytes.destroy();
  bytes.write(new Uint8Array(1), () => assert.fail("it was taken by nobody"));
  await ended;
  await new Promise((resolve) => server.close(resolve));
});
