import assert from "node:assert/strict";
import { WarmPages } from "../../guilds/page.ts";
import { PAGE_BYTES, Section } from "../../guilds/section.ts";

const warm = () => new WarmPages(1 << 30);
const entries = (section: Section) =>
  new Map([...section.places()].flatMap(({ page }) => [...page.peek()]));
const idOf = (i: number) => String(175_928_847_299_117_063n + BigInt(i) * 4_194_304n);

function sectionOf(members: number, owner = {}) {
  const section = new Section(owner, warm());
  const known = new Map<string, string>();
  for (let i = 0; i < members; i++) {
    const fragment = `{"nick":"${i}","more":"${"x".repeat(200)}"}`;
    known.set(idOf(i), fragment);
    section.set(idOf(i), fragment);
  }
  return { section, known };
}

Deno.test("a small section is one page, in the order in which things came", () => {
  const { section, known } = sectionOf(50);
  assert.equal([...section.places()].length, 1);
  assert.deepEqual([...entries(section)], [...known]);
  section.delete(idOf(0));
  section.delete("1");
  assert.equal(section.get(idOf(0)), undefined);
  assert.equal(section.has(idOf(1)), true);
});

Deno.test("a large one has pages of a bounded size, and loses nothing", () => {
  const { section, known } = sectionOf(5_000);
  const places = [...section.places()];
  assert.ok(places.length > 5_000 * 220 / PAGE_BYTES);
  assert.ok(places.every(({ page }) => page.bytes <= PAGE_BYTES));
  assert.equal(new Set(places).size, places.length, "each once");
  assert.deepEqual(entries(section), known);
  for (const [id, fragment] of known) assert.equal(section.get(id), fragment);
  for (let i = 0; i < 5_000; i += 2) section.delete(idOf(i));
  assert.equal(entries(section).size, 2_500);
  assert.equal(section.bytes, places.reduce((sum, { page }) => sum + page.bytes, 0));
});

Deno.test("a change touches one page, whatever else there is", () => {
  const { section } = sectionOf(5_000);
  for (const { page } of section.places()) page.pack();
  section.set(idOf(7), "{}");
  const open = [...section.places()].filter(({ page }) => !page.isPacked);
  assert.equal(open.length, 1);
});

Deno.test("two that share pages do not see each other's changes", () => {
  const { section, known } = sectionOf(1_000);
  const other = new Section({}, warm(), section);
  other.set(idOf(1), "1");
  other.delete(idOf(2));
  other.set("new", "2");
  assert.deepEqual(entries(section), known);
  assert.deepEqual([other.get(idOf(1)), other.get(idOf(2)), other.get("new")], [
    "1",
    undefined,
    "2",
  ]);
  const shared = new Set([...section.places()].map(({ page }) => page));
  const own = [...other.places()].filter(({ page }) => !shared.has(page));
  assert.ok(own.length <= 3);
});

Deno.test("pages that were kept are the section again; without one of them there is none", () => {
  const { section, known } = sectionOf(2_000);
  const places = [...section.places()];
  const again = Section.of({}, warm(), places);
  assert.deepEqual(again && entries(again), known);
  assert.equal(Section.of({}, warm(), places.slice(1)), null);
  assert.equal(Section.of({}, warm(), [{ ...places[0]!, bits: 40 }]), null);
});

Deno.test("one fragment that is larger than a page stays one", () => {
  const section = new Section({}, warm());
  section.set("1", "x".repeat(3 * PAGE_BYTES));
  assert.equal([...section.places()].length, 1);
});
