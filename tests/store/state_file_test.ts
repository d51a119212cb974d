import assert from "node:assert/strict";
import { readStateFile, STATE_VERSION, stateFileText } from "../../store/state_file.ts";

Deno.test("readStateFile() gives a value back to the bot that it belongs to", () => {
  for (const value of [null, 0, "text", { shards: [1] }]) {
    assert.deepEqual(readStateFile("7", stateFileText("7", value)), { kind: "value", value });
  }
});

Deno.test("readStateFile() reads what the version before wrote", () => {
  const text = '{"version":1,"bot":"7","value":3}';
  assert.deepEqual(readStateFile("7", text), { kind: "value", value: 3 });
});

Deno.test("readStateFile() says whose state it is when it is another's", () => {
  assert.deepEqual(readStateFile("8", stateFileText("7", 1)), { kind: "foreign", bot: "7" });
});

Deno.test("readStateFile() knows a newer version, whatever it looks like", () => {
  const text = JSON.stringify({ version: STATE_VERSION + 1 });
  assert.deepEqual(readStateFile("7", text), { kind: "newer", version: STATE_VERSION + 1 });
});

Deno.test("readStateFile() does not take for a value what no version wrote", () => {
  const texts = [
    "",
    '{"version":1,"bot":"7","val',
    "null",
    "[]",
    '"text"',
    '{"stream":"abc","shards":{}}',
    '{"version":"1","bot":"7","value":1}',
    '{"version":0,"bot":"7","value":1}',
    '{"version":1,"value":1}',
    '{"version":1,"bot":"7"}',
  ];
  for (const text of texts) assert.equal(readStateFile("7", text).kind, "unknown", text);
});
