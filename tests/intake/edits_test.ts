import assert from "node:assert/strict";
import { EditFilter, loadEditFilter } from "../../intake/edits.ts";
import { logTo } from "../../ports/log.ts";

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const update = (id: string, edited_timestamp?: string | null, more: object = {}) =>
  encode({ t: "MESSAGE_UPDATE", s: 1, op: 0, d: { ...more, id, edited_timestamp } });

Deno.test("an update that no edit has caused is withheld", () => {
  const filter = new EditFilter();
  assert.equal(filter.keep("MESSAGE_UPDATE", update("1", null, { embeds: [{}] })), false);
  assert.equal(filter.keep("MESSAGE_UPDATE", update("1")), false);
});

Deno.test("an edit is kept, and the preview that is fetched for it withheld", () => {
  const filter = new EditFilter();
  assert.equal(filter.keep("MESSAGE_UPDATE", update("1", "T1")), true);
  assert.equal(filter.keep("MESSAGE_UPDATE", update("1", "T1", { embeds: [{}] })), false);
  assert.equal(filter.keep("MESSAGE_UPDATE", update("2", "T1")), true);
  assert.equal(filter.keep("MESSAGE_UPDATE", update("1", "T2")), true);
});

Deno.test("the timestamp of a message inside the message does not count", () => {
  const more = { referenced_message: { id: "9", edited_timestamp: "T" } };
  assert.equal(new EditFilter().keep("MESSAGE_UPDATE", update("1", null, more)), false);
});

Deno.test("every other event is kept, unread", () => {
  const filter = new EditFilter();
  for (const t of ["MESSAGE_CREATE", "MESSAGE_DELETE", "READY", "message_update"]) {
    assert.equal(filter.keep(t, new Uint8Array()), true);
  }
});

Deno.test("what cannot be read is kept", () => {
  const filter = new EditFilter();
  assert.equal(filter.keep("MESSAGE_UPDATE", new TextEncoder().encode('{"t":"MESSAGE')), true);
  assert.equal(
    filter.keep("MESSAGE_UPDATE", encode({ op: 0, d: { edited_timestamp: "T" } })),
    true,
  );
});

Deno.test("so many edits are remembered, and the one not seen for longest is forgotten", () => {
  const filter = new EditFilter(2);
  const keep = (id: string) => filter.keep("MESSAGE_UPDATE", update(id, "T"));
  assert.deepEqual(["1", "2", "1", "3"].map(keep), [true, true, false, true]);
  assert.deepEqual(["1", "3", "2"].map(keep), [false, false, true]);
});

Deno.test("a text that is none of Discord's is not remembered", () => {
  const filter = new EditFilter();
  const long = "T".repeat(65);
  for (const payload of [update("1", long), update(long, "T")]) {
    assert.equal(filter.keep("MESSAGE_UPDATE", payload), true);
    assert.equal(filter.keep("MESSAGE_UPDATE", payload), true);
  }
});

const bytes = (text: string) => new TextEncoder().encode(text);
const moduleOf = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;

function load(setting: string) {
  const lines: string[] = [];
  const log = logTo((_level, event) => lines.push(event));
  return { lines, filter: loadEditFilter(setting, log) };
}

Deno.test("loadEditFilter() withholds nothing by default", async () => {
  assert.equal(await load("all").filter, null);
});

Deno.test("loadEditFilter() gives our own filter for `filter`", async () => {
  const keep = await load("filter").filter;
  const preview = bytes(
    '{"t":"MESSAGE_UPDATE","s":1,"op":0,"d":{"id":"1","edited_timestamp":null}}',
  );
  assert.equal(keep!("MESSAGE_UPDATE", preview), false);
});

Deno.test("loadEditFilter() lets a module decide, about MESSAGE_UPDATE only", async () => {
  const keep = await load(moduleOf("export default (payload) => payload.length > 3")).filter;
  assert.equal(keep!("MESSAGE_UPDATE", bytes("abc")), false);
  assert.equal(keep!("MESSAGE_UPDATE", bytes("abcd")), true);
  assert.equal(keep!("MESSAGE_CREATE", bytes("abc")), true);
});

Deno.test("loadEditFilter() delivers, and says so, when the module's function throws", async () => {
  const { lines, filter } = load(moduleOf("export default () => { throw new Error('no') }"));
  assert.equal((await filter)!("MESSAGE_UPDATE", bytes("x")), true);
  assert.deepEqual(lines, ["the function of EDITED_MESSAGES failed"]);
});

Deno.test("loadEditFilter() refuses a module without a function", async () => {
  await assert.rejects(load(moduleOf("export default 1")).filter, { code: "bad_config" });
});
