import assert from "node:assert/strict";
import { writeWhole } from "../../store/write_whole.ts";

Deno.test("writeWhole() goes on until every byte is taken", async () => {
  const written: number[] = [];
  const file = {
    write(bytes: Uint8Array) {
      written.push(...bytes.subarray(0, 3));
      return Promise.resolve(Math.min(3, bytes.length));
    },
  };
  await writeWhole(file, Uint8Array.of(1, 2, 3, 4, 5, 6, 7));
  assert.deepEqual(written, [1, 2, 3, 4, 5, 6, 7]);
});
