import assert from "node:assert/strict";
import { type Effect, type Input, type Phase, step } from "../../downstream/step.ts";

const PHASES: readonly Phase[] = ["waiting", "starting", "live", "closed"];

function closesWith(phase: Phase, input: Input): number | undefined {
  const [next, ...effects] = step(phase, input);
  if (next !== "closed") return undefined;
  for (const effect of effects) if (effect.do === "close") return effect.code;
  return undefined;
}

Deno.test("step() answers heartbeats in every phase and takes their number only from a session", () => {
  const beat: Input = { kind: "heartbeat", seq: 7 };
  assert.deepEqual(step("waiting", beat), ["waiting", { do: "answer heartbeat" }]);
  assert.deepEqual(step("starting", beat), ["starting", { do: "answer heartbeat" }]);
  const taken = ["live", { do: "acknowledge", seq: 7 }, { do: "answer heartbeat" }];
  assert.deepEqual(step("live", beat), taken);
  const empty = step("live", { kind: "heartbeat", seq: null });
  assert.deepEqual(empty, ["live", { do: "answer heartbeat" }]);
});

Deno.test("step() takes one IDENTIFY or RESUME; a second is 4005", () => {
  for (const kind of ["identify", "resume"] as const) {
    assert.deepEqual(step("waiting", { kind, d: 1 }), ["starting", { do: kind, d: 1 }]);
    assert.equal(closesWith("starting", { kind, d: 1 }), 4005);
    assert.equal(closesWith("live", { kind, d: 1 }), 4005);
  }
});

Deno.test("step() passes commands up from a session only; before it they are 4003", () => {
  const payload = { op: 3, d: null };
  const command: Input = { kind: "command", payload };
  assert.equal(closesWith("waiting", command), 4003);
  assert.equal(closesWith("starting", command), 4003);
  assert.deepEqual(step("live", command), ["live", { do: "pass up", payload }]);
});

Deno.test("step() goes back to waiting when there can be no session, so that the client may identify", () => {
  for (const phase of ["starting", "live"] as const) {
    assert.deepEqual(step(phase, { kind: "invalid" }), [
      "waiting",
      { do: "leave", session: "end" },
      { do: "invalidate" },
    ]);
  }
});

Deno.test("step() keeps the session whenever we close", () => {
  const inputs: Input[] = [
    { kind: "refused", code: 4002, reason: "x" },
    { kind: "silent" },
    { kind: "failed", reason: "x" },
    { kind: "identify", d: null },
  ];
  for (const input of inputs) {
    const effects = step("live", input).slice(1);
    assert.deepEqual(effects[1], { do: "leave", session: "keep" }, input.kind);
  }
  assert.equal(closesWith("live", { kind: "silent" }), 4009);
  assert.equal(closesWith("live", { kind: "failed", reason: "x" }), 4000);
});

Deno.test("step() ends the session on the client's 1000 and 1001, and keeps it on other closes", () => {
  for (const [code, session] of [[1000, "end"], [1001, "end"], [1005, "keep"], [4200, "keep"]]) {
    const gone = step("live", { kind: "gone", code: code as number });
    assert.deepEqual(gone.at(-1), { do: "leave", session });
  }
});

Deno.test("step() counts what was sent as received where a close frame came, and where something was sent", () => {
  const counts = (phase: Phase, code: number) =>
    step(phase, { kind: "gone", code }).slice(1).some((effect) =>
      (effect as Effect).do === "count as received"
    );
  for (const code of [1000, 1001, 1005, 4200]) assert.equal(counts("live", code), true, `${code}`);
  assert.equal(counts("live", 1006), false);
  assert.equal(counts("starting", 1000), false);
});

Deno.test("step() lets a replaced connection go without touching what is the newer one's", () => {
  for (const phase of ["starting", "live"] as const) {
    const effects = step(phase, { kind: "replaced" }).slice(1);
    assert.equal(effects.length, 1);
    assert.equal(closesWith(phase, { kind: "replaced" }), 4409);
  }
});

Deno.test("step() ignores everything once the connection is closed", () => {
  const inputs: Input[] = [
    { kind: "heartbeat", seq: 1 },
    { kind: "begun" },
    { kind: "gone", code: 1000 },
    { kind: "replaced" },
  ];
  for (const input of inputs) assert.deepEqual(step("closed", input), ["closed"]);
});

Deno.test("step() knows what ends a connection in every phase, and refuses pairs that cannot be", () => {
  for (const phase of PHASES) {
    assert.equal(step(phase, { kind: "refused", code: 4001, reason: "x" })[0], "closed");
    assert.equal(step(phase, { kind: "gone", code: 1006 })[0], "closed");
  }
  assert.throws(() => step("waiting", { kind: "begun" }), { code: "illegal_step" });
  assert.throws(() => step("waiting", { kind: "invalid" }), { code: "illegal_step" });
});
