import assert from "node:assert/strict";
import { hashOf, Page, WarmPages } from "../../guilds/page.ts";

const long = (text: string) => text.repeat(100);

function pageOf(entries: Record<string, string>, warm = new WarmPages(1 << 20)) {
  const page = new Page({}, warm);
  for (const [key, fragment] of Object.entries(entries)) page.set(key, fragment);
  return { page, warm };
}

for (
  const [what, entries] of [
    ["nothing", {}],
    ["an empty fragment", { a: "" }],
    ["a little", { a: "1", b: '"\\ud800"', c: "\u00e4\u00ff\u0080" }],
    ["much", { a: long("[1,2]"), b: long("\u00e4"), c: "" }],
  ] as const
) {
  Deno.test(`a page of ${what} is the same after it was packed`, () => {
    const { page } = pageOf(entries);
    const { bytes } = page;
    page.pack();
    assert.ok(page.isPacked);
    assert.deepEqual(Object.fromEntries(page.peek()), entries);
    assert.ok(page.isPacked, "who looks once does not open it");
    assert.deepEqual(Object.fromEntries(page.open()), entries);
    assert.ok(!page.isPacked);
    assert.equal(page.bytes, bytes);
    const { owner } = page;
    const again = new Page(owner, new WarmPages(1), { as: page.packed(), bytes });
    assert.deepEqual([...again.peek()], [...page.open()]);
  });
}

Deno.test("a page that is packed takes less, where it is worth it", () => {
  const { page } = pageOf({ a: long("[1,2]") });
  page.pack();
  assert.ok(page.heldBytes * 4 < page.bytes);
  const { page: small } = pageOf({ a: "1" });
  assert.equal(small.packed(), "a\0" + "1");
});

Deno.test("a page knows what it has without being read, or reads it once", () => {
  const { page } = pageOf({ "175928847299117063": long("x") });
  const has = (key: string) => page.has(key, hashOf(key));
  for (const pack of [() => {}, () => page.pack()]) {
    pack();
    assert.equal(has("175928847299117063"), true);
    assert.equal(has("175928847299117064"), false);
  }
  assert.ok(page.isPacked);
});

Deno.test("a copy goes its own way", () => {
  const { page } = pageOf({ a: "1" });
  page.pack();
  const copy = page.copy({});
  copy.set("a", "2");
  copy.delete("b");
  page.set("b", "3");
  page.delete("a");
  assert.deepEqual([...copy.open()], [["a", "2"]]);
  assert.deepEqual([...page.open()], [["b", "3"]]);
});

Deno.test("what is open is counted, and packed from what was not used for longest", () => {
  const warm = new WarmPages(1_000);
  const pages = ["a", "b", "c"].map((key) => pageOf({ [key]: long("xyz") }, warm).page);
  assert.equal(warm.bytes, pages.reduce((sum, { bytes }) => sum + bytes, 0));
  pages[0]!.open();
  assert.ok(!warm.isOver);
  pages[2]!.set("d", long("yz"));
  assert.ok(warm.isOver);
  warm.packOne();
  assert.deepEqual(pages.map(({ isPacked }) => isPacked), [false, true, false]);
  warm.forget(pages[0]!);
  assert.equal(warm.bytes, pages[2]!.bytes);
  pages[2]!.delete("d");
  assert.equal(warm.bytes, pages[2]!.bytes);
  for (let i = 0; i < 3; i++) warm.packOne();
  assert.equal(warm.bytes, 0);
});
