import assert from "node:assert/strict";
import { printable } from "../../../../app/cli/print/printable.ts";

Deno.test("printable() leaves what is shown, and nothing that a terminal obeys", () => {
  assert.equal(printable("Zürich 東京 ✓ – “quoted”"), "Zürich 東京 ✓ – “quoted”");
  assert.equal(printable("\x1b[2J\r\n\t\x07\x7f"), "�[2J�����");
  assert.equal(printable("\u009b1m\u202edetrevni"), "�1m�detrevni");
});
