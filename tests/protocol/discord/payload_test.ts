import assert from "node:assert/strict";
import { parsePayload } from "../../../protocol/discord/payload.ts";

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
