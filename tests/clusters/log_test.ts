import assert from "node:assert/strict";
import { eachLine, encodeLogLine, parseLogLine } from "../../clusters/log.ts";

Deno.test("a log line comes back as it was", () => {
  const line = { level: "warn", event: "words", fields: { a: 1 } } as const;
  assert.deepEqual(parseLogLine(encodeLogLine(line)), line);
});

Deno.test("a log line carries numbers and errors that JSON has no form for", () => {
  const error = new Error("why", { cause: new Error("because") });
  const fields = { id: 12345678901234567890n, error };
  const line = parseLogLine(encodeLogLine({ level: "info", event: "x", fields }))!;
  assert.equal(line.fields.id, "12345678901234567890");
  assert.equal((line.fields.error as Error).message, "why: because");
});

Deno.test("what a bot prints itself is no log line", () => {
  const prints = [
    "hello",
    '{"msg":"x"}',
    '{"level":"info"',
    '{"level":"info","msg":"x"}',
    '{"level":"loud","event":"x","fields":{}}',
  ];
  for (const text of prints) assert.equal(parseLogLine(text), undefined, text);
});

Deno.test("eachLine() joins what comes in pieces and cuts what has no end", async () => {
  const lines: string[] = [];
  const pieces = ["on", "e\ntw", "o\r\n", "x".repeat(70_000), "é\nlast"];
  await eachLine(
    ReadableStream.from(pieces.map((piece) => new TextEncoder().encode(piece))),
    (line) => lines.push(line),
  );
  assert.deepEqual(lines, ["one", "two", "x".repeat(70_000), "é", "last"]);
});
