import assert from "node:assert/strict";
import { Watching } from "../../fleet/watching.ts";

Deno.test("Watching tells all who watch, until they do not", () => {
  const watching = new Watching();
  const told: string[] = [];
  const cancel = watching.watch(() => told.push("a"));
  watching.watch(() => {
    told.push("b");
    cancel();
  });
  watching.changed();
  watching.changed();
  assert.deepEqual(told, ["a", "b", "b"]);
  watching.end();
  watching.changed();
  assert.equal(told.length, 3);
});

Deno.test("Watching.until() resolves once something holds, be it now", async () => {
  const watching = new Watching();
  let n = 0;
  await watching.until(() => true);
  const waits = watching.until(() => n === 2);
  let isDone = false;
  void waits.then(() => isDone = true);
  for (n = 1; n < 3; n++) {
    assert.equal(isDone, false);
    watching.changed();
  }
  await waits;
});
