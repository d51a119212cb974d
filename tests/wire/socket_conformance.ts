/**
 * What every {@linkcode Connect} must do, against a real server. An implementation runs it with one
 * line.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Connect } from "../../ports/socket.ts";
import { closeFrame, frame, rawWebSocketServer } from "../support/raw_websocket_server.ts";
import {
  type Case,
  DEADLINE_MS,
  pause,
  QUIET_MS,
  record,
  serveClose,
} from "../support/recorded_socket.ts";
import { STREAM_CASES } from "./socket_stream_cases.ts";

/** Opening, sending and every way to end. */
const LIFE_CASES: Readonly<Record<string, Case>> = {
  async "tells of open, then of each message, then of closed, once"(connect, serve) {
    await using server = serve(async (peer) => {
      await peer.write(frame(1, "one"));
      await peer.write(frame(2, "two"));
      await peer.write(closeFrame(4008, "too fast"));
      await serveClose(peer);
    });
    const { events, seen } = record(connect, server.url);
    await seen("closed");
    await pause(QUIET_MS);
    assert.deepEqual(events, ["open", "message one", "binary two", "closed 4008 too fast"]);
  },

  async "tells of closed soon, though the peer leaves the line open"(connect, serve) {
    const left = Promise.withResolvers<void>();
    await using server = serve(async (peer) => {
      await peer.write(closeFrame(4000, ""));
      await left.promise;
    });
    const { seen } = record(connect, server.url);
    assert.equal(await seen("closed"), "closed 4000 ");
    left.resolve();
  },

  async "takes a message of a megabyte"(connect, serve) {
    const large = "x".repeat(1_000_000);
    await using server = serve(async (peer) => {
      await peer.write(frame(1, large));
      await serveClose(peer);
    });
    const { seen, socket } = record(connect, server.url);
    assert.equal(await seen("message"), `message ${large}`);
    socket.destroy();
  },

  async "sends text and bytes, and the headers it was given"(connect, serve) {
    const got: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    await using server = serve(async (peer) => {
      got.push(/^x-secret: *(.*)$/im.exec(peer.head)?.[1]?.trim() ?? "no header");
      for (let i = 0; i < 2; i++) {
        const { opcode, payload } = (await peer.read())!;
        got.push(`${opcode} ${new TextDecoder().decode(payload)}`);
      }
      resolve();
      await serveClose(peer);
    });
    const { seen, socket } = record(connect, server.url, { "x-secret": "abc" });
    await seen("open");
    socket.send("text");
    socket.sendBytes(new TextEncoder().encode("bytes"));
    await promise;
    assert.deepEqual(got, ["abc", "1 text", "2 bytes"]);
    socket.destroy();
  },

  async "closes with the code it is told to, and tells what the peer answered"(connect, serve) {
    const { promise, resolve } = Promise.withResolvers<number>();
    await using server = serve(async (peer) => {
      const { opcode, payload } = (await peer.read())!;
      assert.equal(opcode, 8);
      resolve(payload[0]! * 256 + payload[1]!);
      await peer.write(closeFrame(4900, "bye"));
      peer.cut();
    });
    const { seen, socket } = record(connect, server.url);
    await seen("open");
    socket.close(4900, "resuming");
    assert.equal(await promise, 4900);
    assert.equal(await seen("closed"), "closed 4900 bye");
  },

  async "tells of 1006 where the line was cut"(connect, serve) {
    await using server = serve((peer) => peer.cut());
    const { events, seen } = record(connect, server.url);
    await seen("closed 1006");
    await pause(QUIET_MS);
    assert.equal(events.length, 2, events.join());
  },

  async "tells of 1006 where the line was cut in the middle of a message"(connect, serve) {
    await using server = serve(async (peer) => {
      await peer.write(frame(1, "abcdef").subarray(0, 4));
      peer.cut();
    });
    const { events, seen } = record(connect, server.url);
    await seen("closed 1006");
    assert(events.every((event) => !event.startsWith("message")), events.join());
  },

  async "fails once where nobody listens"(connect) {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const { events, seen } = record(connect, `ws://127.0.0.1:${port}`);
    await seen("failed");
    await pause(QUIET_MS);
    assert.equal(events.length, 1, events.join());
    assert.notEqual(events[0], "failed ", "it says why");
  },

  async "fails once where the answer is 503"(connect, serve) {
    await using server = serve(() => {}, { status: 503 });
    const { events, seen } = record(connect, server.url);
    assert.match(await seen("failed"), /503/);
    await pause(QUIET_MS);
    assert.equal(events.length, 1, events.join());
  },

  async "fails and does not throw where the address is none"(connect) {
    for (const url of ["", "not a url", "ftp://127.0.0.1/"]) {
      const { events, seen } = record(connect, url);
      assert.deepEqual(events, [], "never before connect has returned");
      await seen("failed");
    }
  },

  async "is silent after destroy, whatever its state"(connect, serve) {
    await using server = serve(async (peer) => {
      await peer.write(frame(1, "early"));
      await peer.read();
      await peer.write(frame(1, "late"));
      await peer.write(closeFrame(4000, "late"));
    });
    const connecting = record(connect, server.url);
    connecting.socket.destroy();
    const nowhere = record(connect, "not a url");
    nowhere.socket.destroy();
    const open = record(connect, server.url);
    await open.seen("message");
    open.socket.destroy();
    open.socket.destroy();
    await pause(QUIET_MS);
    assert.deepEqual(connecting.events, []);
    assert.deepEqual(nowhere.events, []);
    assert.deepEqual(open.events, ["open", "message early"]);
  },

  async "ends the connection on destroy though the peer is silent"(connect, serve) {
    const ended = Promise.withResolvers<void>();
    await using server = serve(async (peer) => {
      while (await peer.read() !== null);
      ended.resolve();
    });
    const { seen, socket } = record(connect, server.url);
    await seen("open");
    // The peer never answers the close frame.
    socket.close(4900, "silence");
    socket.destroy();
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(() => timeout.reject(new Error("still connected")), DEADLINE_MS);
    await Promise.race([ended.promise, timeout.promise]);
    clearTimeout(timer);
  },

  async "drops what is sent before it opened and after it closed"(connect, serve) {
    await using server = serve(async (peer) => {
      await peer.write(closeFrame(1000, ""));
      await serveClose(peer);
    });
    const { seen, socket, events } = record(connect, server.url);
    socket.send("early");
    socket.sendBytes(Uint8Array.of(1));
    await seen("closed");
    socket.send("late");
    socket.close(1000, "late");
    await pause(QUIET_MS);
    assert.deepEqual(events, ["open", "closed 1000 "]);
  },
};

/** Runs every case; with `tls` over TLS, where the certificate of the tests must be trusted. */
export function socketConformance(name: string, connect: Connect, tls = false): void {
  for (const [title, run] of Object.entries({ ...LIFE_CASES, ...STREAM_CASES })) {
    Deno.test(
      `${name} ${title}`,
      () => run(connect, (script, options) => rawWebSocketServer(script, { tls, ...options })),
    );
  }
}
