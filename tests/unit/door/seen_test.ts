import assert from "node:assert/strict";
import { MOST_SEEN, Seen, SEEN_MS } from "../../../unit/door/seen.ts";

const at = (atMs: number) => ({ queueId: 0, cursor: 5, atMs });

const all = () => true;

Deno.test("Seen knows where an event went, for a quarter of an hour", () => {
  const seen = new Seen();
  assert.equal(seen.of("a", 0), undefined);
  seen.add("a", at(0));
  assert.deepEqual(seen.of("a", SEEN_MS - 1), at(0));
  assert.equal(seen.of("a", SEEN_MS), undefined);
});

Deno.test("Seen keeps no more than it needs, the newest", () => {
  const seen = new Seen();
  for (let i = 0; i <= MOST_SEEN; i++) seen.add(`${i}`, at(i));
  assert.equal(Object.keys(seen.saved(all)).length, MOST_SEEN);
  assert.equal(seen.of("0", MOST_SEEN), undefined);
  seen.add("new", at(SEEN_MS * 2));
  assert.deepEqual(Object.keys(seen.saved(all)), ["new"]);
});

Deno.test("Seen goes on with what an earlier life wrote down, and with nothing else", () => {
  const first = new Seen();
  first.add("a", at(7));
  const later = new Seen(
    JSON.parse(JSON.stringify({ ...first.saved(all), b: null, c: { cursor: 1 } })),
  );
  assert.deepEqual(later.saved(all), { a: at(7) });
  const marked = { ...at(8), answered: "deferred" as const };
  const saved = { m: marked, n: { ...marked, answered: "no word of ours" } };
  assert.deepEqual(new Seen(saved).saved(all), { m: marked });
  assert.deepEqual(new Seen("nonsense").saved(all), {});
});
