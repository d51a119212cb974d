import assert from "node:assert/strict";
import { GatehouseError } from "../../protocol/errors.ts";
import {
  type FromWorker,
  parsePayload,
  parseStamped,
  refusal,
  stamp,
  valueOf,
  WORKER_PROTOCOL_VERSION,
} from "../../protocol/worker_message.ts";

const message: FromWorker = { type: "REQUEST_IDENTIFY", shardId: 3 };

Deno.test("parseStamped() gives back what stamp() made, across a structured clone", () => {
  const stamped = stamp(7, message);
  assert.deepEqual(parseStamped(structuredClone(stamped)), {
    ...message,
    v: WORKER_PROTOCOL_VERSION,
    epoch: 7,
  });
});

Deno.test("stamp() does not change the message that it was given", () => {
  stamp(7, message);
  assert.deepEqual(message, { type: "REQUEST_IDENTIFY", shardId: 3 });
});

Deno.test("parseStamped() refuses what is not of this protocol and version", () => {
  const stamped = stamp(1, message);
  const bad = [
    undefined,
    null,
    "STARTED",
    {},
    { ...stamped, v: WORKER_PROTOCOL_VERSION + 1 },
    { ...stamped, epoch: "1" },
    { ...stamped, type: undefined },
  ];
  for (const data of bad) {
    assert.throws(
      () => parseStamped(data),
      (error) => error instanceof GatehouseError && error.code === "bad_message",
    );
  }
});

Deno.test("valueOf() gives the value of an answer, and throws what refusal() made of an error", () => {
  assert.equal(valueOf({ ok: true, value: 7 }), 7);
  const codes = [new GatehouseError("no_shard", "caller", "no 9"), new TypeError("no"), "no"]
    .map((thrown) => {
      try {
        return valueOf(structuredClone(refusal(thrown)));
      } catch (error) {
        const { code, blame, message } = error as GatehouseError;
        return [code, blame, message];
      }
    });
  assert.deepEqual(codes, [
    ["no_shard", "host", "no 9"],
    ["refused", "host", "no"],
    ["refused", "host", "no"],
  ]);
});

Deno.test("parsePayload() takes an op with its data, and nothing beside", () => {
  assert.deepEqual(parsePayload({ op: 3, d: { afk: true }, s: 1 }), { op: 3, d: { afk: true } });
  assert.deepEqual(parsePayload({ op: 3, d: null }), { op: 3, d: null });
});

const wrong: [value: unknown, says: string][] = [
  [undefined, "op is undefined, expected a number"],
  [null, "op is undefined, expected a number"],
  ["text", "op is undefined, expected a number"],
  [{ op: "3", d: {} }, 'op is "3", expected a number'],
  [{ op: 3n, d: {} }, "op is 3n, expected a number"],
  [{ op: 3 }, "d is undefined, expected the data of op 3"],
];

for (const [value, says] of wrong) {
  Deno.test(`parsePayload() refuses ${Deno.inspect(value)}`, () => {
    const message = `Cannot send payload: ${says}`;
    assert.throws(() => parsePayload(value), { code: "bad_message", blame: "caller", message });
  });
}
