import assert from "node:assert/strict";
import fc from "fast-check";
import { closeCode } from "../../../protocol/discord/close_codes.ts";
import type { ShardState } from "../../../protocol/status.ts";
import { isLegal, newSession, step } from "../../../gateway/session/step.ts";
import { MOST_REFUSALS } from "../../../gateway/session/moves.ts";
import type { Effect, Input, Memory, State } from "../../../gateway/session/words.ts";

const SESSION = { sessionId: "s", resumeUrl: "wss://resume.test" };
const MEMORY: Memory = {
  session: SESSION,
  attempt: 0,
  connectFailures: 0,
  refusals: 0,
  connection: 7,
};

/** One state of each kind, as the table meets them. */
const STATES: State[] = [
  { kind: "idle", memory: MEMORY, reason: "" },
  { kind: "queued", memory: { ...MEMORY, session: null }, reason: "" },
  { kind: "connecting", memory: MEMORY, reason: "", goal: "resume" },
  { kind: "hello", memory: MEMORY, reason: "", goal: "resume" },
  { kind: "identifying", memory: { ...MEMORY, session: null }, reason: "" },
  { kind: "resuming", memory: MEMORY, reason: "" },
  { kind: "ready", memory: MEMORY, reason: "" },
  { kind: "closing", memory: MEMORY, reason: "", then: "back off" },
  { kind: "backing off", memory: MEMORY, reason: "" },
  { kind: "stopped", memory: MEMORY, reason: "" },
];

const INPUTS: Input[] = [
  { kind: "start", session: null },
  { kind: "permit" },
  { kind: "timeout", progress: false },
  { kind: "restart", session: "keep" },
  { kind: "stop", session: "keep" },
  { kind: "opened", connection: 7 },
  { kind: "failed", reason: "refused", connection: 7 },
  { kind: "closed", code: 1006, connection: 7 },
  { kind: "hello", connection: 7 },
  { kind: "ready", session: SESSION, connection: 7 },
  { kind: "resumed", connection: 7 },
  { kind: "reconnect", connection: 7 },
  { kind: "invalid", resumable: false, connection: 7 },
  { kind: "corrupt", reason: "bad", connection: 7 },
  { kind: "zombie", connection: 7 },
];

const CONNECTED: ShardState[] = [
  "connecting",
  "hello",
  "identifying",
  "resuming",
  "ready",
  "closing",
];

function stateOf(kind: ShardState): State {
  return STATES.find((state) => state.kind === kind)!;
}

function names(effects: readonly Effect[]): string[] {
  return effects.map((effect) => effect.do);
}

for (const state of STATES) {
  Deno.test(`step() accepts exactly what the table has for ${state.kind}`, () => {
    for (const input of INPUTS) {
      const before = structuredClone(state);
      if ("connection" in input && !CONNECTED.includes(state.kind)) {
        assert.deepEqual(step(state, input), [state, { do: "count stale" }]);
      } else if (isLegal(state.kind, input.kind)) {
        const [next, ...effects] = step(state, input);
        assertArmed(state, next, effects);
      } else {
        assert.throws(() => step(state, input), { code: "illegal_step" });
      }
      assert.deepEqual(state, before, "a step must not change the state it was given");
    }
  });
}

/** Every state that waits for somebody else has a deadline, every pause an end. */
function assertArmed(before: State, next: State, effects: Effect[]): void {
  if (before.kind === next.kind) return;
  const armed = names(effects);
  if ([...CONNECTED, "ready"].includes(next.kind)) {
    assert.ok(armed.includes("deadline"), `${next.kind} has no deadline`);
  }
  if (next.kind === "backing off") assert.ok(armed.includes("pause"), "a pause without an end");
  if (next.kind === "queued") assert.ok(armed.includes("ask to identify"));
}

Deno.test("step() drops and counts what an old connection says", () => {
  const ready = stateOf("ready");
  const result = step(ready, { kind: "closed", code: 4004, connection: 6 });
  assert.deepEqual(result, [ready, { do: "count stale" }]);
});

Deno.test("step() never accepts an input that it does not know in any state", () => {
  const unknown = { kind: "unheard of" } as unknown as Input;
  for (const state of STATES) assert.throws(() => step(state, unknown), { code: "illegal_step" });
});

for (const code of [1000, 1001, 1006, 4000, 4001, 4002, 4005, 4008, 4009, 4999]) {
  Deno.test(`close ${code} keeps the session`, () => {
    const [next] = step(stateOf("ready"), { kind: "closed", code, connection: 7 });
    assert.equal(next.kind, "backing off");
    assert.deepEqual(next.memory.session, SESSION);
  });
}

for (const code of [4003, 4006, 4007]) {
  Deno.test(`close ${code} ends the session, in the open`, () => {
    const [next, ...effects] = step(stateOf("ready"), { kind: "closed", code, connection: 7 });
    assert.equal(next.kind, "backing off");
    assert.equal(next.memory.session, null);
    assert.ok(names(effects).includes("forget session"));
  });
}

for (const code of [4004, 4010, 4011, 4012, 4013, 4014]) {
  for (const kind of ["hello", "identifying", "resuming", "ready"] as const) {
    Deno.test(`close ${code} while ${kind} stops this shard and says why`, () => {
      const [next, ...effects] = step(stateOf(kind), { kind: "closed", code, connection: 7 });
      assert.equal(next.kind, "stopped");
      assert.match(next.reason, new RegExp(closeCode(code).meaning));
      assert.ok(names(effects).includes("give up"));
      assert.ok(!names(effects).includes("pause"), "a fatal close must not be tried again");
    });
  }
}

Deno.test("a resume host that is dead is tried in turn with the generic one, session kept", () => {
  let [state, ...effects] = step(newSession(), { kind: "start", session: SESSION });
  const hosts: string[] = [];
  for (let i = 0; i < 4; i++) {
    hosts.push((effects.find((effect) => effect.do === "open") as { host: string }).host);
    const { connection } = state.memory;
    [state] = step(state, { kind: "failed", reason: "503", connection });
    assert.deepEqual(state.memory.session, SESSION);
    [state, ...effects] = step(state, { kind: "timeout", progress: false });
  }
  assert.deepEqual(hosts, ["resume", "generic", "resume", "generic"]);
});

Deno.test("a session whose RESUME is never answered is given up after a bounded number of tries", () => {
  let [state, ...effects] = step(newSession(), { kind: "start", session: SESSION });
  let resumes = 0;
  while (state.memory.session && resumes < 100) {
    const { connection } = state.memory;
    [state] = step(state, { kind: "opened", connection });
    [state] = step(state, { kind: "hello", connection });
    resumes++;
    [state, ...effects] = step(state, { kind: "closed", code: 1006, connection });
    if (state.memory.session) [state] = step(state, { kind: "timeout", progress: false });
  }
  assert.equal(resumes, MOST_REFUSALS);
  assert.ok(names(effects).includes("forget session"));
  [state, ...effects] = step(state, { kind: "timeout", progress: false });
  assert.deepEqual(names(effects), ["ask to identify"]);
});

Deno.test("the pauses grow until a connection has been stable, and only then start anew", () => {
  const attempts: number[] = [];
  let state = stateOf("ready");
  const drop = () => {
    const [next, ...effects] = step(state, { kind: "closed", code: 4000, connection: 7 });
    attempts.push((effects.find((effect) => effect.do === "pause") as { attempt: number }).attempt);
    state = { ...next, kind: "ready", memory: { ...next.memory, connection: 7 } } as State;
  };
  drop();
  drop();
  [state] = step(state, { kind: "timeout", progress: false });
  drop();
  assert.deepEqual(attempts, [0, 1, 0]);
});

Deno.test("whatever happens, no IDENTIFY goes out without a permit and no permit is kept", () => {
  const anyInput = fc.constantFrom(...INPUTS).chain((input) =>
    fc.record({ stale: fc.integer({ min: 0, max: 9 }).map((n) => n === 0), end: fc.boolean() })
      .map(({ stale, end }) => ({ input, stale, end }))
  );
  fc.assert(
    fc.property(fc.array(anyInput, { maxLength: 200 }), (moves) => {
      let state = newSession();
      let holds = false;
      let sockets = 0;
      for (const { input, stale, end } of moves) {
        const now = freshen(input, state, stale, end);
        if (!isLegal(state.kind, now.kind)) continue;
        const before = state;
        const [next, ...effects] = step(state, now);
        state = next;
        if (now.kind === "permit") holds = true;
        if (["closed", "failed"].includes(now.kind) && names(effects)[0] !== "count stale") {
          sockets--;
        }
        for (const effect of effects) {
          if (effect.do === "send identify") {
            assert.ok(holds, "IDENTIFY without a permit");
            holds = false;
          }
          if (effect.do === "release permit") holds = false;
          if (effect.do === "destroy") sockets--;
          if (effect.do === "open") sockets++;
        }
        assert.ok(sockets === 0 || sockets === 1, `${sockets} sockets after ${now.kind}`);
        const mayHold = state.kind === "connecting" || state.kind === "hello";
        assert.ok(!holds || mayHold, `a permit is kept while ${state.kind} (from ${before.kind})`);
      }
    }),
    { numRuns: 2000 },
  );
});

/** The input as the shell would give it now: of this connection, unless it is to be stale. */
function freshen(input: Input, state: State, stale: boolean, end: boolean): Input {
  const { connection } = state.memory;
  if ("connection" in input) return { ...input, connection: stale ? connection - 1 : connection };
  if (input.kind === "start") return { ...input, session: end ? null : SESSION };
  return input;
}
