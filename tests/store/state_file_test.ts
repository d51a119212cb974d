import assert from "node:assert/strict";
import fc from "fast-check";
import { parseExact } from "../../protocol/json.ts";
import { encodeStateFile, readStateFile } from "../../store/state_file.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (of: string) => new TextEncoder().encode(of);

Deno.test("readStateFile() gives what encodeStateFile() was given, whatever it is", () => {
  fc.assert(fc.property(fc.json(), fc.string(), (json, bot) => {
    // As everything that is kept was read: a presence may hold ids that are numbers.
    const value = parseExact(json);
    const file = encodeStateFile(bot, value);
    assert.deepEqual(readStateFile(file, bot), { value });
    assert.equal(JSON.parse(text(file)).version, 3);
  }));
});

Deno.test("readStateFile() never takes a file for whole that was changed in any way, nor for a newer one", () => {
  const change = fc.oneof(
    fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })).map(([at, by]) => (of: Uint8Array) => {
      const changed = of.slice();
      changed[at % of.length]! ^= by;
      return changed;
    }),
    fc.nat().map((at) => (of: Uint8Array) => of.slice(0, at % of.length)),
    fc.tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 9 })).map(
      ([at, more]) => (of: Uint8Array) =>
        Uint8Array.of(...of.slice(0, at % of.length), ...more, ...of.slice(at % of.length)),
    ),
    fc.nat().map((at) => (of: Uint8Array) => of.slice().fill(0, at % of.length)),
  );
  const value = {
    shards: { "0/1": { highest: 12, acknowledged: 11, session: { base: 0, seq: 12 } } },
  };
  const whole = encodeStateFile("7", value);
  fc.assert(
    fc.property(change, (change) => {
      const changed = change(whole);
      if (text(changed) === text(whole)) return;
      assert.ok("damaged" in readStateFile(changed, "7"), text(changed));
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("readStateFile() reads the versions before, which had no checksum", () => {
  for (const version of [1, 2]) {
    const of = (bot: string) => bytes(JSON.stringify({ version, bot, value: [1] }));
    assert.deepEqual(readStateFile(of("7"), "7"), { value: [1] });
    assert.ok("foreign" in readStateFile(of("8"), "7"));
  }
});

Deno.test("readStateFile() says whose a whole file is that is not ours", () => {
  assert.deepEqual(readStateFile(encodeStateFile("8", 1), "7"), {
    foreign:
      "is the state of bot 8, the token is that of bot 7; set another STATE_DIR for this bot",
  });
});

Deno.test("readStateFile() takes nothing that is too deep to be handed on", () => {
  const value = JSON.parse("[".repeat(5_000) + "]".repeat(5_000));
  const file = readStateFile(encodeStateFile("7", value), "7");
  assert.match("damaged" in file ? file.damaged : "", /levels/);
});
