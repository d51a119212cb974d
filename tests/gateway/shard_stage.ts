/**
 * A shard by itself, in virtual time.
 *
 * @module
 */

import { tokenHosts } from "../../protocol/discord/token_hosts.ts";
import { Shard } from "../../gateway/shard.ts";
import { logTo } from "../../ports/log.ts";
import type { Gap } from "../../protocol/event_frame.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import type { SessionPoint } from "../../protocol/estate.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { fakeSockets } from "../support/fake_sockets.ts";

/** What must be in no log. */
export const TOKEN = "a-token-that-must-not-leak";
/** Where an earlier life left the shard. */
export const POINT: SessionPoint = {
  shardId: 3,
  totalShards: 4,
  intents: 513,
  sessionId: "old",
  resumeUrl: "wss://resume.test",
  seq: 7,
  base: 100,
};

/** What the shard identifies with. */
export const INTENTS = 513;

/** A shard in virtual time, on sockets that say what the test wants. */
export function setUp() {
  const clock = createVirtualClock();
  const { connect, sockets } = fakeSockets();
  const gate: string[] = [];
  const accepted: string[] = [];
  const gaps: Gap[] = [];
  const points: (SessionPoint | null)[] = [];
  const facts: unknown[] = [];
  const states: string[] = [];
  const logged: string[] = [];
  const presences: unknown[] = [];
  const gaveUp: unknown[] = [];
  const doubts = { leastPauseMs: 0 };
  const settings = {
    shardId: 3,
    totalShards: 4,
    intents: INTENTS,
    token: TOKEN,
    gatewayUrl: "wss://gateway.test",
    tokenHosts: tokenHosts("https://gateway.test", ["test"]),
    compression: "none",
  } as const;
  const shard = new Shard(settings, {
    clock,
    connect,
    random: () => 0,
    log: logTo((level, event, fields) => logged.push(JSON.stringify([level, event, fields]))),
    gate: {
      ask: (shardId) => void gate.push(`ask ${shardId}`),
      sent: (shardId, permit) => void gate.push(`sent ${shardId} with ${permit}`),
      release: (shardId) => void gate.push(`release ${shardId}`),
    },
    sink: {
      accept: (_, cursor, payload) =>
        void accepted.push(`${cursor} ${JSON.parse(new TextDecoder().decode(payload)).t}`),
      gap: (_, gap) => void gaps.push(gap),
    },
    status: ({ state }) => void states.push(state),
    presenceSet: (_, wanted) => void presences.push(wanted),
    session(_, began) {
      points.push(began && began.session);
      if (began) facts.push(began.facts);
    },
    gaveUp: (...why) => void gaveUp.push(why),
    leastPauseMs: () => doubts.leastPauseMs,
  });
  const last = () => sockets.at(-1)!;
  const hello = () => {
    last().events.open();
    last().say({ t: null, s: null, op: OP.HELLO, d: { heartbeat_interval: 41_250 } });
  };
  const event = (t: string, s: number, d: unknown = {}) => last().say({ t, s, op: 0, d });
  const ready = (s = 1) =>
    event("READY", s, {
      session_id: `session-${sockets.length}`,
      resume_gateway_url: "wss://r.test",
    });
  const identified = () => {
    shard.start(null, 0);
    shard.allow(1, INTENTS);
    hello();
    ready();
  };
  const drop = async (code: number) => {
    last().events.closed(code, "");
    await clock.advance(4_000);
  };
  const told = { gate, accepted, gaps, points, facts, states, logged, presences, gaveUp, doubts };
  return { clock, shard, sockets, last, hello, event, ready, identified, drop, ...told };
}
