import assert from "node:assert/strict";
import { EstateWatchers } from "../../store/estate_watchers.ts";

Deno.test("EstateWatchers tell who watches, and who waits, until they need it no more", async () => {
  const watchers = new EstateWatchers();
  const told: number[] = [];
  let found: string | null = null;
  const cancel = watchers.watch(({ id }) => told.push(id));
  const waiting = watchers.until(() => found, new AbortController().signal);
  watchers.tell({ total: 4, id: 1 });
  found = "it";
  watchers.tell({ total: 4, id: 2 });
  cancel();
  watchers.tell({ total: 4, id: 3 });
  assert.deepEqual([told, await waiting], [[1, 2], "it"]);
  assert.equal(await watchers.until(() => "at once", new AbortController().signal), "at once");
});

Deno.test("EstateWatchers wait no longer than they are to", async () => {
  const watchers = new EstateWatchers();
  const stop = new AbortController();
  const waiting = watchers.until(() => null, stop.signal);
  stop.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
});
