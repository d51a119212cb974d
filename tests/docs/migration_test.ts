/** docs/migration.md promises nothing that is not there: the middle column of its tables is read. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { control } from "../../app/http/control.ts";
import { CONFIG_DEFAULTS, SETTING_NAMES } from "../../config/config.ts";
import type { Unit } from "../../unit/unit.ts";
import { loadHono } from "../../deps.ts";
import * as door from "../../mod.ts";

const DOC = await Deno.readTextFile("docs/migration.md");

/** Everything in backticks in the middle column, which says what is here. */
const HERE: readonly string[] = [
  ...new Set(
    [...DOC.matchAll(/^\|[^|]*\|([^|]*)\|[^|]*\|$/gm)]
      .flatMap(([, cell]) => [...cell!.matchAll(/`([^`]+)`/g)])
      .map(([, code]) => code!),
  ),
];

/** Where what a bot or an operator can name is declared. */
const API = [
  "unit/controllers.ts",
  "app/gatehouse.ts",
  "bot/bot.ts",
  "bot/define_bot.ts",
  "bot/discordeno_bot.ts",
  "bot/gateway_helpers.ts",
  "bot/ipc.ts",
  "bot/rest.ts",
  "link/switchboard.ts",
  "protocol/status.ts",
  "protocol/stats.ts",
  "clusters/place.ts",
  "clusters/inside/serve_events.ts",
  "workers/worker_hooks.ts",
];

/** A source without its comments. */
async function codeOf(path: string): Promise<string> {
  const text = await Deno.readTextFile(path);
  return text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
}

/** All that the sources of the API say. */
const apiCode = (await Promise.all(API.map(codeOf))).join("\n");

Deno.test("docs/migration.md names enough in its middle column to be worth checking", () => {
  assert.ok(HERE.length > 100, `found ${HERE.length}`);
  assert.ok(HERE.includes("TOTAL_SHARDS") && HERE.includes("unit.restartAll()"));
});

Deno.test("docs/migration.md names settings, statuses and constants that are there", async () => {
  const statuses = (await codeOf("protocol/status.ts")).matchAll(/readonly kind: "(\w+)"/g);
  const known = new Set([
    ...SETTING_NAMES,
    ...Object.keys(door),
    ...[...statuses].map(([, kind]) => kind),
  ]);
  const told = HERE.map((code) => /^([A-Z][A-Z0-9_]{3,})(=.*)?$/.exec(code)?.[1]);
  assert.deepEqual(told.filter((name) => name !== undefined && !known.has(name)), []);
});

Deno.test("docs/migration.md names routes of the control API that are there", async () => {
  const { Hono } = await loadHono();
  // Routes are only listed here, never called.
  const { routes } = control(new Hono(), {} as Unit);
  const known = routes.flatMap(({ method, path }) => {
    const [, before, verbs, after] = /^(.*):\w+\{(.+)\}(.*)$/.exec(path) ?? [];
    if (verbs === undefined) return [`${method} /control${path}`];
    return verbs.split("|").map((verb) => `${method} /control${before}${verb}${after}`);
  });
  const everywhere = [...DOC.matchAll(/`((?:GET|POST) \/control[^`]*)`/g)].map(([, route]) =>
    route
  );
  assert.ok(everywhere.length > 10, `found ${everywhere.length}`);
  assert.deepEqual(everywhere.filter((route) => !known.includes(route!)), []);
});

Deno.test("docs/migration.md names paths of the port and tasks that are there", async () => {
  const files = ["app/http/server.ts"];
  const sources = (await Promise.all(files.map((path) => Deno.readTextFile(path)))).join("\n");
  const paths = HERE.filter((code) => /^\/[a-z]/.test(code));
  assert.deepEqual(paths.filter((path) => !sources.includes(`"${path}`)), []);
  const { tasks } = JSON.parse(await Deno.readTextFile("deno.json"));
  const told = HERE.map((code) => /^deno task (\w+)$/.exec(code)?.[1]);
  assert.deepEqual(told.filter((task) => task !== undefined && !(task in tasks)), []);
});

Deno.test("docs/migration.md calls what mod.ts exports, or what a bot may have", () => {
  const called = HERE.map((code) => /^(\w+)\(/.exec(code)?.[1])
    .filter((name) => name !== undefined);
  assert.ok(called.includes("createGatehouse"));
  const hooks = /interface Bot \{.+?\n\}/s.exec(apiCode)?.[0] ?? "";
  const known = (name: string) => name in door || hooks.includes(` ${name}?(`);
  assert.deepEqual(called.filter((name) => !known(name!)), []);
});

Deno.test("docs/migration.md uses no word that the API does not know", () => {
  const words = new Set(apiCode.match(/\w+/g));
  for (const name of Object.keys(CONFIG_DEFAULTS)) words.add(name);
  const isCode = (code: string) => /^[a-z{]/.test(code) && !code.startsWith("deno ");
  const told = HERE.filter(isCode).flatMap((code) => code.match(/[A-Za-z_]\w*/g) ?? []);
  assert.deepEqual([...new Set(told)].filter((word) => !words.has(word)), []);
});

Deno.test("docs/migration.md links to what is there", () => {
  const links = [...DOC.matchAll(/\]\((?!https:)([^)#]*)(#[^)]*)?\)/g)];
  assert.ok(links.length > 5, `found ${links.length}`);
  const missing = links.filter(([, path, anchor]) => {
    if (path !== "") return !existsSync(join(dirname("docs/migration.md"), path!));
    const titles = [...DOC.matchAll(/^#+ (.+)$/gm)].map(([, title]) => title!);
    const anchors = titles.map((title) =>
      `#${title.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-")}`
    );
    return !anchors.includes(anchor!);
  });
  assert.deepEqual(missing.map(([link]) => link), []);
});
