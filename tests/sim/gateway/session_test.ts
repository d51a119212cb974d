import assert from "node:assert/strict";
import fc from "fast-check";
import { ALL_INTENTS } from "../../../protocol/discord/intents.ts";
import { jsonBody } from "../../../sim/world/body.ts";
import type { Frame } from "../../../sim/gateway/encoding.ts";
import { createLedger } from "../../../sim/world/ledger.ts";
import { simSettings } from "../../../sim/world/options.ts";
import { Session } from "../../../sim/gateway/session.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

const TERMS = {
  shardId: 0,
  totalShards: 1,
  intents: ALL_INTENTS,
  largeThreshold: 50,
  dialect: "v10 json",
};

/** A connection that can fall off at any event, losing it and what comes after. */
class Reader {
  readonly got: { s: number; t: string }[] = [];
  connected = true;
  sendFrame({ head }: Frame): void {
    if (!this.connected) return;
    const { t, s } = JSON.parse(`${head}null}`);
    this.got.push({ s, t });
  }
  takenOver(): void {
    this.connected = false;
  }
}

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("produce"), n: fc.integer({ min: 1, max: 30 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("wait"), n: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("fall off"), n: fc.constant(0) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("resume"), n: fc.integer({ min: 0, max: 20 }) }),
  },
);

Deno.test("C4.5 whatever is produced while a replay runs, nothing is lost, doubled or out of order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 40 }),
      fc.integer({ min: 1, max: 7 }),
      async (actions, perStep) => {
        const clock = createVirtualClock();
        const settings = simSettings({ replayPerStep: perStep, replayStepMs: 1, ringEvents: 5000 });
        const session = new Session("id", TERMS, { clock, ledger: createLedger(clock), settings });
        let reader = new Reader();
        session.attach(reader);
        // What the client has accepted: a resume may go back behind it, and what comes again is checked.
        let seen = 0;
        const check = () => {
          for (const { s } of reader.got.splice(0)) {
            assert.ok(s <= seen + 1, `a gap: ${s} after ${seen}`);
            seen = s;
          }
        };
        for (const { kind, n } of actions) {
          if (kind === "produce") {
            for (let i = 0; i < n; i++) session.dispatch("X", jsonBody({}));
          }
          if (kind === "wait") await clock.advance(n);
          check();
          if (kind === "fall off") {
            reader.connected = false;
            session.detach();
          }
          if (kind === "resume") {
            const seq = Math.max(0, seen - n);
            reader.connected = false;
            reader = new Reader();
            seen = seq;
            session.resume(reader, seq);
          }
          const inOrder = reader.got.map(({ s }) => s);
          assert.deepEqual(inOrder, inOrder.map((_, i) => inOrder[0]! + i), "in order, each once");
          check();
        }
        reader.connected = false;
        const last = new Reader();
        session.resume(last, seen);
        await clock.advance(10_000);
        assert.deepEqual(last.got.map(({ s }) => s), last.got.map((_, i) => seen + 1 + i));
        assert.equal(last.got.at(-1)?.t, "RESUMED");
        assert.equal(last.got.at(-1)?.s, session.entry.lastS);
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("a replay that is slower than the production goes on, although the ring is smaller", async () => {
  const clock = createVirtualClock();
  const settings = simSettings({ replayPerStep: 20, replayStepMs: 1, ringEvents: 10 });
  const session = new Session("id", TERMS, { clock, ledger: createLedger(clock), settings });
  for (let i = 0; i < 10; i++) session.dispatch("X", jsonBody({}));
  const reader = new Reader();
  settings.replayPerStep = 2;
  session.resume(reader, 0);
  for (let i = 0; i < 500; i++) session.dispatch("X", jsonBody({}));
  assert.equal(reader.got.length, 2, "what is produced meanwhile does not hurry it");
  await clock.advance(10_000);
  assert.deepEqual(reader.got.map(({ s }) => s), Array.from({ length: 511 }, (_, i) => i + 1));
});
