/**
 * Conformance of a {@linkcode Connect} in what it makes of a stream of bytes, and into one: frames in
 * any portions, large and wrong ones, many connections, a peer that does not read.
 *
 * @module
 */

import assert from "node:assert/strict";
import { closeFrame, frame } from "../support/raw_websocket_server.ts";
import {
  type Case,
  DEADLINE_MS,
  pause,
  QUIET_MS,
  record,
  serveClose,
} from "../support/recorded_socket.ts";

/** What the kernel holds for a connection on this machine, both ends together, and more. */
const MOST_WITH_THE_KERNELS = 64_000_000;

const uint32 = (
  value: number,
) => [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];

/** By what they show. */
export const STREAM_CASES: Readonly<Record<string, Case>> = {
  async "puts a message together that came in fragments"(connect, serve) {
    await using server = serve(async (peer) => {
      await peer.write(Uint8Array.of(0x01, 3, 0x61, 0x62, 0x63));
      await peer.write(Uint8Array.of(0x00, 1, 0x64));
      await peer.write(frame(0, "ef"));
      await serveClose(peer);
    });
    const { seen, socket } = record(connect, server.url);
    assert.equal(await seen("message"), "message abcdef");
    socket.destroy();
  },

  async "reads messages that are cut anywhere"(connect, serve) {
    const stream = [
      frame(1, "a"),
      Uint8Array.of(0x02, 2, 0x62, 0x63),
      frame(9, "between fragments"),
      frame(0, "d"),
      frame(2, "e".repeat(130)),
      frame(1, ""),
    ].flatMap((bytes) => [...bytes]);
    await using server = serve(async (peer) => {
      for (let at = 1; at < stream.length; at++) {
        await peer.write(Uint8Array.from(stream.slice(0, at)));
        await pause(1);
        await peer.write(Uint8Array.from(stream.slice(at)));
      }
      await peer.write(closeFrame(1000, ""));
      await serveClose(peer);
    });
    const { events, seen } = record(connect, server.url);
    await seen("closed");
    const each = ["message a", "binary bcd", `binary ${"e".repeat(130)}`, "message "];
    const all = Array.from({ length: stream.length - 1 }, () => each).flat();
    assert.deepEqual(events, ["open", ...all, "closed 1000 "]);
  },

  async "loses nothing that came with the answer to its handshake"(connect, serve) {
    const first = [...frame(1, "one"), ...frame(2, "two"), ...frame(1, "three").subarray(0, 4)];
    await using server = serve(async (peer) => {
      await pause(20);
      await peer.write(frame(1, "three").subarray(4));
      await serveClose(peer);
    }, { first: Uint8Array.from(first) });
    const { events, seen, socket } = record(connect, server.url);
    await seen("message three");
    assert.deepEqual(events, ["open", "message one", "binary two", "message three"]);
    socket.destroy();
  },

  async "tells of a close frame that came with the answer to its handshake"(connect, serve) {
    await using server = serve(serveClose, { first: closeFrame(4004, "token") });
    const { events, seen } = record(connect, server.url);
    await seen("closed");
    assert.deepEqual(events, ["open", "closed 4004 token"]);
  },

  async "answers a ping with its data"(connect, serve) {
    const { promise, resolve } = Promise.withResolvers<string>();
    await using server = serve(async (peer) => {
      await peer.write(frame(9, "data"));
      const { opcode, payload } = (await peer.read())!;
      resolve(`${opcode} ${new TextDecoder().decode(payload)}`);
      await serveClose(peer);
    });
    const { seen, socket } = record(connect, server.url);
    await seen("open");
    assert.equal(await promise, "10 data");
    socket.destroy();
  },

  async "breaks a connection whose frames are masked, and tells the peer why"(connect, serve) {
    const { promise, resolve } = Promise.withResolvers<number[]>();
    await using server = serve(async (peer) => {
      await peer.write(frame(1, "before"));
      await peer.write(Uint8Array.of(0x81, 0x81, 1, 2, 3, 4, 0x60));
      const { opcode, payload } = (await peer.read())!;
      resolve([opcode, payload[0]! * 256 + payload[1]!]);
      peer.cut();
    });
    const { events, seen } = record(connect, server.url);
    await seen("closed 1006");
    assert.deepEqual(await promise, [8, 1002]);
    assert.deepEqual(events.slice(0, 2), ["open", "message before"]);
  },

  async "takes a frame of 30 MB, and what comes right after it"(connect, serve) {
    const large = new Uint8Array(30_000_000);
    for (let i = 0; i < large.length; i += 997) large[i] = i;
    await using server = serve(async (peer) => {
      await peer.write(Uint8Array.of(0x82, 127, 0, 0, 0, 0, ...uint32(large.length)));
      await peer.write(large);
      await peer.write(frame(1, "after"));
      await serveClose(peer);
    });
    let length = 0;
    let isSame = false;
    const { promise: after, resolve } = Promise.withResolvers<void>();
    const socket = connect(server.url, {
      open() {},
      message(data, isText) {
        if (isText) return resolve();
        length = data.length;
        isSame = data.every((byte, i) => byte === large[i]);
      },
      closed() {},
      failed() {},
    });
    await after;
    assert.deepEqual([length, isSame], [large.length, true]);
    socket.destroy();
  },

  async "tells what a slow peer has not taken, and loses none of it"(connect, serve) {
    const slow = Promise.withResolvers<void>();
    const count = 40;
    const got: number[] = [];
    const all = Promise.withResolvers<void>();
    await using server = serve(async (peer) => {
      await slow.promise;
      while (got.length < count) {
        const { payload } = (await peer.read())!;
        assert(payload.every((byte) => byte === payload[0]));
        got.push(payload[0]!);
      }
      all.resolve();
      await serveClose(peer);
    });
    const { seen, socket } = record(connect, server.url);
    await seen("open");
    assert.equal(socket.bufferedBytes, 0);
    for (let i = 0; i < count; i++) {
      socket.sendBytes(new Uint8Array(500_000).fill(i));
      await pause(1);
    }
    assert(socket.bufferedBytes > 5_000_000, `found ${socket.bufferedBytes}`);
    slow.resolve();
    await all.promise;
    assert.deepEqual(got, Array.from({ length: count }, (_, i) => i));
    while (socket.bufferedBytes > 0) await pause(5);
    socket.destroy();
  },

  async "leaves the peer with what it sends while it is paused, and loses none of it"(
    connect,
    serve,
  ) {
    const message = new Uint8Array(100_000).map((_, at) => at % 251);
    const heard = Promise.withResolvers<string>();
    let written = 0;
    let isOver = false;
    await using server = serve(async (peer) => {
      const reading = peer.read();
      void reading.then((sent) => heard.resolve(new TextDecoder().decode(sent!.payload)));
      while (!isOver) {
        await peer.write(frame(2, message));
        written++;
      }
      await peer.write(closeFrame(4000, "all"));
      await serveClose(peer);
    });
    let read = 0;
    let isPaused = false;
    const paused = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<string>();
    const socket = connect(server.url, {
      open() {},
      message(data) {
        assert.ok(!isPaused, "it reads while it is paused");
        assert.ok(data.length === message.length && data.every((byte, at) => byte === at % 251));
        // In the middle of a read, where most pauses begin.
        if (++read !== 20) return;
        socket.pause(true);
        paused.resolve();
      },
      closed: (code, reason) => closed.resolve(`${code} ${reason}`),
      failed: assert.fail,
    });
    await paused.promise;
    // One read may be under way.
    await pause(QUIET_MS);
    const before = read;
    isPaused = true;
    let stood = -1;
    while (stood < written) {
      stood = written;
      assert.ok(stood * message.length < MOST_WITH_THE_KERNELS, `${stood} messages were taken`);
      await pause(QUIET_MS);
    }
    assert.equal(read, before);
    socket.send("still here");
    assert.equal(await heard.promise, "still here");
    isPaused = false;
    isOver = true;
    socket.pause(false);
    assert.equal(await closed.promise, "4000 all");
    assert.equal(read, written);
  },

  async "can be destroyed while it is paused"(connect, serve) {
    const ended = Promise.withResolvers<void>();
    await using server = serve(async (peer) => {
      while (await peer.read() !== null);
      ended.resolve();
    });
    const { events, seen, socket } = record(connect, server.url);
    await seen("open");
    socket.pause(true);
    socket.destroy();
    await ended.promise;
    socket.pause(false);
    assert.deepEqual(events, ["open"]);
  },

  async "tells of 1006 where the peer ends, though it has not read what we sent"(connect, serve) {
    await using server = serve(async (peer) => {
      await pause(50);
      await peer.end();
      await new Promise<void>((resolve) => setTimeout(resolve, DEADLINE_MS));
    });
    const { seen, socket } = record(connect, server.url);
    await seen("open");
    for (let i = 0; i < 40; i++) socket.sendBytes(new Uint8Array(500_000));
    await seen("closed 1006");
  },

  async "keeps many connections apart that are read at the same time"(connect, serve) {
    await using server = serve(async (peer) => {
      const own = new TextDecoder().decode((await peer.read())!.payload);
      for (let i = 0; i < 50; i++) await peer.write(frame(2, `${own} ${i} ${own.repeat(i * 30)}`));
      await peer.write(closeFrame(1000, own));
      await serveClose(peer);
    });
    const all = Array.from({ length: 30 }, (_, i) => {
      const recorded = record(connect, server.url);
      recorded.seen("open").then(() => recorded.socket.send(`${i}`));
      return recorded;
    });
    for (const [i, { events, seen }] of all.entries()) {
      assert.equal(await seen("closed"), `closed 1000 ${i}`);
      const messages = Array.from(
        { length: 50 },
        (_, j) => `binary ${i} ${j} ${`${i}`.repeat(j * 30)}`,
      );
      assert.deepEqual(events.slice(1, -1), messages);
    }
  },
};
