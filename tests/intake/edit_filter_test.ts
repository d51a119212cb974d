import assert from "node:assert/strict";
import { logTo } from "../../ports/log.ts";
import { loadEditFilter } from "../../intake/edit_filter.ts";

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
