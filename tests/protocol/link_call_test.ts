import assert from "node:assert/strict";
import { problemOfCall, problemOfReply, targetOf, VERBS } from "../../protocol/link_call.ts";

const CALL = { op: "call", id: 1, verb: "command", receptive: true, value: { json: null } };

Deno.test("problemOfCall() finds nothing wrong with a call of any verb, to anybody", () => {
  for (const verb of VERBS) assert.equal(problemOfCall({ ...CALL, verb }), null, verb);
  const targets = [
    { all: true },
    { clusterId: 0 },
    { guildId: "1" },
    { service: "api" },
    undefined,
  ];
  for (const to of targets) assert.equal(problemOfCall({ ...CALL, to }), null);
  assert.equal(problemOfCall({ ...CALL, timeoutMs: 0, value: { clone: [null] } }), null);
  assert.equal(problemOfCall({ ...CALL, id: 0, receptive: false, later: "field" }), null);
});

const badCalls: [changed: Record<string, unknown>, says: RegExp][] = [
  [{ id: undefined }, /no id/],
  [{ id: "1" }, /no id/],
  [{ id: 1.5 }, /no id/],
  [{ verb: "restart" }, /has verb "restart", expected command, unit, stats/],
  [{ verb: undefined }, /has verb undefined/],
  [{ receptive: 1 }, /no receptive/],
  [{ value: undefined }, /no value/],
  [{ value: null }, /no value/],
  [{ value: "json" }, /no value/],
  [{ value: {} }, /no value/],
  [{ to: null }, /has a to/],
  [{ to: { clusterId: null } }, /has a to/],
  [{ to: "all" }, /has a to/],
  [{ timeoutMs: -1 }, /timeoutMs/],
  [{ timeoutMs: 2 ** 40 }, /no number of milliseconds from 0 to 86400000/],
  [{ timeoutMs: null }, /timeoutMs/],
  [{ timeoutMs: "5" }, /timeoutMs/],
];

for (const [changed, says] of badCalls) {
  Deno.test(`problemOfCall() names what is wrong with ${JSON.stringify(changed)}`, () => {
    assert.match(problemOfCall({ ...CALL, ...changed })!, says);
  });
}

Deno.test("problemOfReply() takes a value or an error with name and message", () => {
  assert.equal(problemOfReply({ op: "reply", id: 1, value: { json: undefined } }), null);
  assert.equal(problemOfReply({ op: "reply", id: 1, value: { clone: [null] } }), null);
  const error = { name: "Error", message: "" };
  assert.equal(problemOfReply({ op: "reply", id: 1, error }), null);
  const wrong = [
    {},
    { value: 1 },
    { value: {} },
    { error: "no" },
    { error: null },
    {
      error: { message: "without a name" },
    },
    { error: { name: "E" } },
    { error: { name: 1, message: "" } },
  ];
  for (const fields of wrong) {
    assert.match(
      problemOfReply({ op: "reply", id: 1, ...fields })!,
      /neither a value.* nor an error/,
    );
  }
  assert.match(problemOfReply({ op: "reply", value: { json: 1 } })!, /no id/);
});

Deno.test("targetOf() reads each kind of target, and no field of another", () => {
  const targets: [unknown, object][] = [
    [{ all: true, clusterId: 1 }, { all: true }],
    [{ clusterId: 0, more: 1 }, { clusterId: 0 }],
    [{ guildId: "123456789012345678" }, { guildId: "123456789012345678" }],
    [{ guildId: 5n }, { guildId: "5" }],
    [{ service: "" }, { service: "" }],
  ];
  for (const [given, target] of targets) assert.deepEqual(targetOf(given), target);
});

Deno.test("targetOf() gives null for what is no target, or would not survive JSON", () => {
  const wrong = [
    undefined,
    null,
    "all",
    0,
    [],
    {},
    { all: false },
    { all: 1 },
    { clusterId: "0" },
    {
      clusterId: NaN,
    },
    { clusterId: Infinity },
    { clusterId: 0.5 },
    { guildId: 5 },
    { guildId: "me" },
    {
      guildId: -5n,
    },
    { guildId: "" },
    { guildId: ["5"] },
    { service: 1 },
  ];
  for (const given of wrong) assert.equal(targetOf(given), null);
});
