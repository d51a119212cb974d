/** docs/operations.md names everything that an operator can set, see, call or be told, and nothing else. */

import assert from "node:assert/strict";
import { control } from "../../app/http/control.ts";
import { METRICS as UNIT_METRICS } from "../../app/http/metrics/unit_metrics.ts";
import { PORT_METRICS } from "../../app/http/metrics/port_metrics.ts";
import { FIELDS, type Setting, SETTING_NAMES, SETTINGS } from "../../config/config.ts";
import type { Unit } from "../../unit/unit.ts";
import { loadHono, loadValibot } from "../../deps.ts";

const METRICS = [...UNIT_METRICS, ...PORT_METRICS];

const DOC = await Deno.readTextFile("docs/operations.md");

/** The text between a heading of the second level and the next. */
function chapter(title: string): string {
  const start = DOC.indexOf(`\n## ${title}\n`);
  assert.ok(start >= 0, `docs/operations.md has no chapter "${title}"`);
  const end = DOC.indexOf("\n## ", start + 1);
  return DOC.slice(start, end < 0 ? undefined : end);
}

/** First cells of the tables of a chapter, without their marks. */
function firstCells(title: string): string[] {
  return [...chapter(title).matchAll(/^\| *`?([^|`]+?)`? *\|/gm)].map(([, cell]) => cell!);
}

Deno.test("docs/operations.md has a row for every setting, and none for one that is not there", () => {
  const told = firstCells("Settings").filter((cell) => /^[A-Z_]+$/.test(cell));
  assert.deepEqual(told.toSorted(), SETTING_NAMES.toSorted());
});

Deno.test("docs/operations.md tells the default of every setting", async () => {
  const v = await loadValibot();
  const rows = [...chapter("Settings").matchAll(/^\| *`([A-Z_]+)` *\| *(.+?) *\|/gm)];
  const cells = new Map(rows.map(([, name, cell]) => [name, cell!]));
  for (const field of FIELDS) {
    const { name, default: byDefault, read } = SETTINGS[field] as Setting<unknown>;
    const [, text, rest] = /^`([^`]+)`(.*)$/.exec(cells.get(name)!) ?? [];
    const isNone = byDefault === null || byDefault === "" ||
      Array.isArray(byDefault) && byDefault.length === 0;
    // What is worked out where nothing is set takes words.
    if (isNone) assert.notEqual(rest, "", `${name} has no fixed default`);
    else assert.deepEqual(v.parse(read.schema(v), text), byDefault, name);
  }
});

Deno.test("docs/operations.md has a row for every metric, with its type, and none for one that is not there", () => {
  const known = METRICS.map(({ name, type }) => `${name} ${type}`);
  const rows = /^\| *`(gatehouse_\w+)` *\| *(\w+) *\|/gm;
  const told = [...chapter("Metrics").matchAll(rows)].map(([, name, type]) => `${name} ${type}`);
  assert.deepEqual(told.toSorted(), known.toSorted());
  const everywhere = new Set([...DOC.matchAll(/\bgatehouse_\w+/g)].map(([name]) => name));
  assert.deepEqual(
    [...everywhere].filter((name) => !METRICS.some((metric) => metric.name === name)),
    [],
  );
});

Deno.test("docs/operations.md has a row for every route of the control API, and no other", async () => {
  const { Hono } = await loadHono();
  // Routes are only listed here, never called.
  const { routes } = control(new Hono(), {} as Unit);
  const known = routes.map(({ method, path }) => `${method} /control${path}`);
  const told = firstCells("The HTTP port").filter((cell) => /^(GET|POST) \/control/.test(cell));
  assert.deepEqual(told.toSorted(), known.toSorted());
});

Deno.test("docs/operations.md has a row for every path of the HTTP port", async () => {
  const source = await Deno.readTextFile("app/http/server.ts");
  const paths = [...source.matchAll(/app\.(?:all|get|post|route)\("(\/[a-z]+)/g)];
  assert.ok(paths.length >= 6, `found ${paths.length} paths in the source`);
  const told = [...chapter("The HTTP port").matchAll(/^\| *`(?:GET )?([^`]+)`/gm)]
    .map(([, cell]) => cell!);
  const missing = paths.map(([, path]) => path!)
    .filter((path) => !told.some((cell) => cell === path || cell === `${path}/*`));
  assert.deepEqual(missing, []);
});
