import assert from "node:assert/strict";
import { cutTo, plainLength, tableDrawer } from "../../../../app/cli/print/table.ts";

const COLUMNS = [{ title: "id", isNumber: true }, { title: "state" }, { title: "why" }];
const plain = (_: unknown, text: string) => text;

Deno.test("a table has columns as wide as they need to be, numbers on the right", async () => {
  const draw = await tableDrawer(plain, null);
  const rows = [["7", "ready", ""], ["1000", "\x1b[31mstopped\x1b[39m", "no shard"]];
  assert.equal(
    draw(COLUMNS, rows),
    "  ID  STATE    WHY\n   7  ready\n1000  \x1b[31mstopped\x1b[39m  no shard\n",
  );
});

Deno.test("a table without rows is nothing", async () => {
  assert.equal((await tableDrawer(plain, null))(COLUMNS, []), "");
});

Deno.test("on a terminal the last column is wrapped, so that no line is longer", async () => {
  const draw = await tableDrawer(plain, 40);
  const why = "Discord closed the connection with 4004, which says that the token is wrong";
  const lines = draw(COLUMNS, [["7", "stopped", why], ["8", "ready", ""]]).split("\n");
  for (const line of lines) assert.ok(line.length <= 40, line);
  assert.ok(lines.length > 4);
  assert.equal(lines.slice(1, -2).map((line) => line.slice(13).trim()).join(" "), why);
});

Deno.test("where the terminal is too narrow spare columns are left out", async () => {
  const columns = [{ title: "id", isNumber: true }, { title: "worker", isSpare: true }];
  const rows = [["7", "0"]];
  assert.equal((await tableDrawer(plain, 10))(columns, rows), "ID  WORKER\n 7  0\n");
  assert.equal((await tableDrawer(plain, 9))(columns, rows), "ID\n 7\n");
  assert.equal((await tableDrawer(plain, null))(columns, rows), "ID  WORKER\n 7  0\n");
});

Deno.test("plainLength() counts what is seen", () => {
  assert.equal(plainLength("\x1b[1m\x1b[31mred\x1b[39m\x1b[22m"), 3);
});

Deno.test("cutTo() cuts what is seen, and keeps the end of the paint", () => {
  assert.equal(cutTo("\x1b[31mred\x1b[39m and more", 2), "\x1b[31mre\x1b[39m");
  assert.equal(cutTo("short", 5), "short");
});
