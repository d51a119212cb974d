import assert from "node:assert/strict";
import { printable } from "../../ports/printable.ts";

Deno.test("printable() leaves what is shown, and nothing that a terminal obeys", () => {
  assert.equal(printable("Zürich 東京 ✓ – “quoted”"), "Zürich 東京 ✓ – “quoted”");
  assert.equal(printable("\x1b[2J\r\n\x7f"), "\\u001b[2J\\u000d\\u000a\\u007f");
  assert.equal(printable("\u009b1m\u202edetrevni\u2028"), "\\u009b1m\\u202edetrevni\\u2028");
});
