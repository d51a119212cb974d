import assert from "node:assert/strict";
import fc from "fast-check";
import { closeCode } from "../../../protocol/discord/close_codes.ts";
import { SHARD_STATES } from "../../../protocol/status.ts";
import { isConnected, MOST_REFUSALS } from "../../../gateway/session/effects.ts";
import { newSession, placeOf, step } from "../../../gateway/session/step.ts";
import { CELLS } from "../../../gateway/session/table.ts";
import type { Input, State } from "../../../gateway/session/words.ts";
import { INPUTS, MEMORY, names, POINT, SESSION, stateOf, STATES } from "./pairs.ts";

for (const kind of SHARD_STATES) {
  Deno.test(`step() accepts exactly what the table has for ${kind}`, () => {
    for (const state of STATES.filter((each) => each.kind === kind)) {
      const before = structuredClone(state);
      for (const input of INPUTS) {
        if ("connection" in input && !isConnected(state)) {
          assert.deepEqual(step(state, input), [state, { do: "count stale" }]);
        } else if (input.kind in CELLS[kind]) step(state, input);
        else assert.throws(() => step(state, input), { code: "illegal_step" });
        assert.deepEqual(state, before, "a step must not change the state it was given");
      }
    }
  });
}

Deno.test("a state is connected when something of its connection can still be fresh", () => {
  const connected = SHARD_STATES.filter((kind) => isConnected(stateOf(kind)));
  const hears = SHARD_STATES.filter((kind) =>
    INPUTS.some((input) => "connection" in input && input.kind in CELLS[kind])
  );
  assert.deepEqual(connected, hears);
});

Deno.test("placeOf() begins numbers with the READY that was asked for, goes on with a session's", () => {
  for (const state of STATES) {
    assert.equal(placeOf(state, 6, "READY"), "stale");
    const usual = state.memory.session ? "next" : "none";
    for (const t of ["MESSAGE_CREATE", "RESUMED", null]) assert.equal(placeOf(state, 7, t), usual);
    assert.equal(placeOf(state, 7, "READY"), state.kind === "identifying" ? "begin" : usual);
  }
});

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
  let [state, ...effects] = step(newSession(), { kind: "start", point: POINT, cursorFloor: 0 });
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
  let [state, ...effects] = step(newSession(), { kind: "start", point: POINT, cursorFloor: 0 });
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
  let state: State = stateOf("ready", { memory: { ...MEMORY, attempt: 0 } });
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
        if (!(now.kind in CELLS[state.kind])) continue;
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
  if (input.kind === "start") return { ...input, point: end ? null : POINT };
  return input;
}
