/**
 * A library on `/gateway`, on a real socket, that can be told to stop reading: then TCP holds what comes.
 *
 * @module
 */

import assert from "node:assert/strict";
import { webSocketConnect } from "../../ports/websocket/client.ts";
import { ALL_INTENTS } from "../../protocol/discord/intents.ts";
import { OP } from "../../protocol/discord/opcodes.ts";

/** Identifies for a shard; `got` has the names of what comes, and how the connection ended. */
export function stallingLibrary(url: string, token: string, shard: readonly [number, number]) {
  const got: string[] = [];
  let lastS: number | null = null;
  let beats: ReturnType<typeof setInterval> | undefined;
  const send = (op: number, d: unknown) => socket.send(JSON.stringify({ op, d }));
  const beat = () => send(OP.HEARTBEAT, lastS);
  const socket = webSocketConnect()(`${url.replace("http", "ws")}/gateway?v=10&encoding=json`, {
    open() {},
    message(data) {
      const { op, s, t, d } = JSON.parse(new TextDecoder().decode(data));
      if (op === OP.HELLO) {
        beats = setInterval(beat, d.heartbeat_interval);
        send(OP.IDENTIFY, { token, intents: ALL_INTENTS, shard, properties: {} });
      } else if (op === OP.HEARTBEAT) beat();
      else if (op === OP.DISPATCH) {
        assert.ok(s >= (lastS ?? 0));
        lastS = s;
        got.push(t);
      }
    },
    closed: (code, reason) => got.push(`closed ${code} ${reason}`),
    failed: (reason) => got.push(reason),
  });
  return {
    got,
    pause: (isPaused: boolean) => socket.pause(isPaused),
    end() {
      clearInterval(beats);
      socket.destroy();
    },
  };
}
