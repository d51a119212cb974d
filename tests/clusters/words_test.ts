import assert from "node:assert/strict";
import { type ClusterWord, encodeWord, parseWord } from "../../clusters/words.ts";

Deno.test("each word of a cluster comes through a line as it was", () => {
  const words: ClusterWord[] = [
    { type: "LOG", line: { level: "warn", event: "words", fields: { n: 1 } } },
    { type: "LOADED" },
    { type: "EXITED", code: 1, reason: "no\ndatabase" },
    { type: "EXITED", code: 0, reason: "asked to", stack: "Error: x\n    at bot.ts:3:1" },
  ];
  for (const word of words) {
    const line = encodeWord(word);
    assert.ok(!line.includes("\n"));
    assert.deepEqual(parseWord(line), word);
  }
});

Deno.test("what else a bot prints is no word, however much it looks like one", () => {
  const printed = [
    "",
    "LOADED",
    '{"type":"LOADED","more":1}',
    '{"type":"EXITED"',
    '{"type":"EXITED","code":"1","reason":"x"}',
    '{"type":"EXITED","code":1}',
    '{"level":"loud","event":"x","fields":{}}',
  ];
  for (const text of printed) assert.equal(parseWord(text), undefined, text);
});
