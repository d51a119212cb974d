import assert from "node:assert/strict";
import { type ClusterWord, encodeWord, parseWord, readWord } from "../../clusters/words.ts";

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

Deno.test("a word advises to our setting, wherever Deno advises to a flag", () => {
  const said = 'Requires read access to "/a", run again with the --allow-read flag';
  const told = 'Requires read access to "/a"; add --allow-read=/a to CLUSTER_PERMISSIONS';
  const through = (word: ClusterWord) => parseWord(encodeWord(word));
  const exit = { type: "EXITED", code: 1 } as const;
  assert.deepEqual(
    through({ ...exit, reason: said, stack: `Error: ${said}` }),
    { ...exit, reason: told, stack: `Error: ${told}` },
  );
  const line = { level: "error", event: "handler failed" } as const;
  const fields = (error: string) => ({ error, shardId: 3 });
  assert.deepEqual(
    through({ type: "LOG", line: { ...line, fields: fields(said) } }),
    { type: "LOG", line: { ...line, fields: fields(told) } },
  );
});

Deno.test("readWord() takes the words of a thread, and nothing else that its bot sends", () => {
  const words = [
    { type: "LOG", line: { level: "warn", event: "words", fields: { n: 1 } } },
    { type: "LOADED" },
    { type: "PRINTED", level: "info", text: "plain" },
    { type: "EXITED", code: 1, reason: "no database", stack: "Error: x" },
  ];
  for (const word of words) assert.deepEqual(readWord(word), word);
  const others = [
    null,
    undefined,
    7,
    "LOADED",
    [],
    {},
    { type: "LOG" },
    { type: "LOG", line: { level: "constructor", event: "x", fields: {} } },
    { type: "LOG", line: { level: "info", event: "x", fields: null } },
    { type: "PRINTED", level: "debug", text: "x" },
    { type: "PRINTED", level: "info", text: 7 },
    { type: "EXITED", code: "1", reason: "x" },
  ];
  for (const other of others) assert.equal(readWord(other), undefined, Deno.inspect(other));
});
