import assert from "node:assert/strict";
import type { Finding } from "../../../app/doctor/finding.ts";
import { findingLines } from "../../../app/doctor/print.ts";

const FINDINGS: readonly Finding[] = [
  { group: "here", check: "port", verdict: "ok", found: "127.0.0.1:8787", advice: null },
  { group: "here", check: "clock", verdict: "warn", found: "late", advice: "set it" },
  {
    group: "there",
    check: "token",
    verdict: "fail",
    found: "a\x1b[2Jb\u202e\n",
    advice: "mend it",
  },
  { group: "there", check: "shards", verdict: "skipped", found: "not asked", advice: null },
];

Deno.test("findingLines() lists by group, with what to do below, and counts at the end", () => {
  assert.deepEqual(findingLines(FINDINGS, (_, text) => text), [
    "here",
    "  ✓ port    127.0.0.1:8787",
    "  ! clock   late",
    "            → set it",
    "",
    "there",
    "  ✗ token   a\\u001b[2Jb\\u202e\\u000a",
    "            → mend it",
    "  – shards  not asked",
    "",
    "1 ok, 1 to look at, 1 failed, 1 skipped: mend what failed before you start.",
  ]);
});

Deno.test("findingLines() paints marks, and lets nobody else paint", () => {
  const lines = findingLines(FINDINGS, (style, text) => `<${style}>${text}</>`);
  assert.equal(lines[1], "  <green>✓</> port    127.0.0.1:8787");
  assert.equal(lines.filter((line) => line.includes("\x1b")).length, 0);
  assert.match(
    findingLines(FINDINGS.slice(0, 2), (_, text) => text).at(-1)!,
    /^1 ok, 1 to look at, 0 failed, 0 skipped\.$/,
  );
});

Deno.test("findingLines() breaks lines between words where a terminal is narrow, and loses none", () => {
  const found = "all of these words are still there when the line is broken";
  const advice = "read them one after the other, from the top";
  const finding = { group: "here", check: "port", verdict: "warn", found, advice } as const;
  const lines = findingLines([finding], (_, text) => text, 36);
  assert.ok(lines.slice(0, -1).every((line) => line.length <= 36), lines.join("\n"));
  const text = lines.map((line) => line.trim()).join(" ");
  assert.ok(text.includes(found) && text.includes(`→ ${advice}`), text);
});
