import assert from "node:assert/strict";
import { Live } from "../../dashboard/live.ts";
import type { DashboardView } from "../../dashboard/words.ts";
import { eventsOf } from "../support/dashboard/watched_unit.ts";

const HELLO = { csrf: "token", needsLogin: true };
const viewOf = (what: string) => () => ({ what }) as unknown as DashboardView;

function watch(live: Live, isOpen = () => true) {
  return eventsOf(new Response(live.watch(isOpen, HELLO, viewOf("all"))));
}

Deno.test("Live says hello, shows everything, then tells what changes", async () => {
  const live = new Live();
  const page = watch(live);
  assert.ok(live.isWatched);
  live.tell({ n: 1 }, viewOf("never"));
  assert.deepEqual(await page.next(), { event: "hello", data: HELLO });
  assert.deepEqual(await page.next(), { event: "view", data: { what: "all" } });
  assert.deepEqual(await page.next(), { event: "change", data: { n: 1 } });
  await page.leave();
  assert.ok(!live.isWatched);
});

Deno.test("Live keeps no more than some events for a page that does not read", async () => {
  const live = new Live();
  const page = watch(live);
  for (let n = 0; n < 1_000; n++) live.tell({ n }, viewOf("again"));
  live.stop();
  let kept = 0;
  while (await page.next() !== null) kept++;
  assert.ok(kept < 20, `${kept} events were kept`);
});

Deno.test("Live goes on for others while a page does not read, and shows it everything when it does", async () => {
  const live = new Live();
  const [slow, quick] = [watch(live), watch(live)];
  for (const page of [slow, quick]) assert.equal((await page.next())!.event, "hello");
  assert.equal((await quick.next())!.event, "view");
  for (let n = 0; n < 1_000; n++) {
    live.tell({ n }, viewOf("again"));
    assert.deepEqual(await quick.next(), { event: "change", data: { n } });
  }
  const read: string[] = [];
  for (let more = 0; more < 100 && read.at(-1) !== "again"; more++) {
    const told = (await slow.next())!;
    read.push(told.data.what ?? told.event);
    live.tell({ more }, viewOf("again"));
    await quick.next();
  }
  assert.ok(read.length < 40, `${read.length} events were kept for it`);
  assert.equal(read.at(-1), "again");
  for (const page of [slow, quick]) await page.leave();
});

Deno.test("Live ends what was opened by a session that is over, and everything when it stops", async () => {
  const live = new Live();
  let isOpen = true;
  const [one, other] = [watch(live, () => isOpen), watch(live)];
  for (const page of [one, other]) for (let i = 0; i < 2; i++) await page.next();
  isOpen = false;
  live.tell({}, viewOf("never"));
  assert.equal(await one.next(), null);
  assert.equal((await other.next())!.event, "change");
  live.stop();
  assert.equal(await other.next(), null);
  assert.ok(!live.isWatched);
});

Deno.test("Live is open to so many pages at a time", async () => {
  const live = new Live();
  const pages = Array.from({ length: 64 }, () => watch(live));
  assert.throws(() => watch(live), { code: "not_ready", message: /64 pages are open already/ });
  await pages[0]!.leave();
  pages.push(watch(live));
  live.stop();
});
