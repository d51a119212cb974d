import assert from "node:assert/strict";
import { type Import, type Importable, reachedIn, refusedImport } from "../../clusters/imports.ts";

const BOT = "file:///srv/bot/bot.ts";
const at = (line: number) => ({ start: { line, character: 7 } });
const module = (specifier: string, ...dependencies: object[]) => ({ specifier, dependencies });
const on = (specifier: string, more: object = {}) => ({
  code: { specifier, span: at(0) },
  ...more,
});
const graph = (modules: object[], redirects = {}) =>
  JSON.stringify({ roots: ["data:main"], modules, redirects });
const main = module("data:main", on(BOT, { isDynamic: true }));

Deno.test("reachedIn() follows code and not types, and says where each import stands", () => {
  const { imports, missing } = reachedIn(graph([
    main,
    module(
      BOT,
      on("https://host/a.ts"),
      { type: { specifier: "file:///types.ts" } },
      on("file:///srv/.env", { isDynamic: true, assertionType: "text" }),
      { code: { error: "no such package" } },
    ),
    module("https://host/b.ts", on(BOT), on("file:///c.json", { assertionType: "json" })),
    module("file:///types.ts", on("file:///unseen.ts")),
  ], { "https://host/a.ts": "https://host/b.ts" }));
  assert.deepEqual(imports, [
    { specifier: "data:main", from: "" },
    { specifier: BOT, from: "data:main:1:8" },
    { specifier: "https://host/b.ts", from: `${BOT}:1:8` },
    { specifier: "file:///srv/.env", from: `${BOT}:1:8`, type: "text" },
    { specifier: "file:///c.json", from: "https://host/b.ts:1:8", type: "json" },
  ]);
  assert.deepEqual(missing, []);
});

Deno.test("reachedIn() ends where addresses lead in a circle", () => {
  const { imports } = reachedIn(graph([main], { [BOT]: "file:///b", "file:///b": BOT }));
  assert.equal(imports.length, 2);
});

Deno.test("reachedIn() tells what cannot be had from elsewhere, unless the bot may do without", () => {
  const gone = (specifier: string) => ({ specifier, error: `${specifier} is gone` });
  const { missing, broken } = reachedIn(graph([
    main,
    module(
      BOT,
      on("https://a/"),
      on("https://b/", { isDynamic: true }),
      on("file:///c.ts"),
      // Whether there is such a package is not asked.
      on("npm:d@1"),
    ),
    ...["https://a/", "https://b/", "file:///c.ts", "npm:d@1"].map(gone),
  ]));
  assert.deepEqual(missing, [`https://a/ is gone at ${BOT}:1:8`]);
  assert.deepEqual(broken, [`file:///c.ts is gone at ${BOT}:1:8`]);
});

const LINKS: Readonly<Record<string, string>> = {
  "/srv/bot/linked.txt": "/srv/.env",
  "/srv/bot/to_state.json": "/srv/bot/state/x.json",
  "/srv/bot/to_lib.ts": "/srv/lib/lib.ts",
  "/srv/bot/node_modules/a/a.js": "/srv/node_modules/.deno/a/a.js",
};
const importable: Importable = {
  ours: ["/gatehouse/mod.ts", "/gatehouse/bot"],
  folder: "/srv/bot",
  readable: ["/srv/assets"],
  secret: ["/srv/bot/state"],
  realPath: (path) =>
    path.includes("missing") ? undefined : path.startsWith("/hidden") ? null : LINKS[path] ?? path,
};
const why = (path: string, more: Partial<Importable> = {}, type?: string) => {
  const each: Import = { specifier: `file://${path}`, from: "x:1:1", ...(type && { type }) };
  return refusedImport([each], { ...importable, ...more });
};

Deno.test("refusedImport() lets a bot import its own folder, Gatehouse, and what it may read", () => {
  const allowed = [
    "/srv/bot/bot.ts",
    "/srv/bot/deep/..down.json",
    "/gatehouse/mod.ts",
    "/gatehouse/bot/bot.ts",
    "/srv/assets/a.json",
    "/srv/bot/node_modules/a/a.js",
    "/srv/bot/missing.ts",
  ];
  for (const path of allowed) assert.equal(why(path), undefined, path);
  const remote = ["https://x/a.ts", "data:text/javascript,", "npm:/ms@2", "node:fs"];
  assert.equal(
    refusedImport(remote.map((specifier) => ({ specifier, from: "" })), importable),
    undefined,
  );
  assert.equal(why("/anywhere/a.ts", { readable: "any" }), undefined);
});

Deno.test("refusedImport() names what is outside, by whatever name, and the setting that opens it", () => {
  const outside = [
    "/srv/bots/bot.ts",
    "/srv/lib.ts",
    "/gatehouse/.gatehouse/x",
    "/srv/bot/to_lib.ts",
    "/hidden/a.ts",
    "/srv/assets2/a.json",
  ];
  for (const path of outside) {
    const told = `it imports ${path}, which is not in /srv/bot; ` +
      `add --allow-read=${path} to CLUSTER_PERMISSIONS at x:1:1`;
    assert.equal(why(path), told);
  }
  assert.match(why("/srv/bot/bot.ts", { folder: null })!, /a file of this machine; add/);
  assert.match(why("/srv/bot/node_modules/a/a.js", {}, "text")!, /which is not in/);
});

Deno.test("refusedImport() keeps state and .env from everybody, whatever they may read", () => {
  const secret = [
    "/srv/bot/.env",
    "/srv/bot/.env.local",
    "/srv/bot/Production.ENV",
    "/srv/bot/state/x.json",
    "/srv/bot/linked.txt",
    "/srv/bot/to_state.json",
    "/srv/assets/.env",
  ];
  for (const path of secret) assert.match(why(path)!, /, which no bot gets at x:1:1$/, path);
  assert.match(why("/x/.env", { readable: "any" })!, /no bot gets/);
  assert.equal(why("/srv/bot/env.ts"), undefined);
});
