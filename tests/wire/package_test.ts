/** The package, as JSR gets it: what is in it, and that it runs from an address, by itself. */

import assert from "node:assert/strict";
import { ROOT_FILES, SOURCE_FOLDERS, topOf } from "../../tools/tree.ts";
import { ROOT } from "../support/compiled.ts";
import { extract } from "../support/tarball.ts";
import { follow, until } from "../support/unit_process.ts";

/** What is published beside what stands on floors and at the top. */
const BESIDE = [
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "SECURITY.md",
  "deno.json",
  "examples/bot.ts",
];

/** Modules that import what a setting names, or a file of their own by its whole address: JSR need not look. */
const BY_NAME = ["dashboard/assets.ts", "deps.ts", "intake/edits.ts", "workers/worker_hooks.ts"];

async function dryRun(): Promise<{ text: string; files: string[]; success: boolean }> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    // Types are checked by `deno task check`.
    args: ["publish", "--dry-run", "--allow-dirty", "--no-check"],
    env: { NO_COLOR: "1" },
    cwd: ROOT,
  }).output();
  const text = new TextDecoder().decode(stderr);
  const listed = text.matchAll(/^ +(file:\/\/\S+) \([\d.]+[KM]?B\)$/gm);
  return { text, success, files: [...listed].map(([, url]) => url!.replace(`file://${ROOT}`, "")) };
}

const published = dryRun();

Deno.test("what is published is what runs, and what its reader is told; nothing that only we need", async () => {
  const { files } = await published;
  const foreign = files.filter((path) =>
    !BESIDE.includes(path) && !ROOT_FILES.includes(path) &&
    !(path.includes("/") && SOURCE_FOLDERS.includes(topOf(path)))
  );
  assert.deepEqual(foreign, []);
  for (const path of [...BESIDE, ...ROOT_FILES]) assert.ok(files.includes(path), path);
  for (
    const path of [
      "workers/entry.ts",
      "dashboard/page/app.js",
      // Whoever gets their code gets their licences.
      "dashboard/vendor/LICENSE-htm",
      "dashboard/vendor/LICENSE-preact",
      "dashboard/vendor/LICENSE-uplot",
    ]
  ) {
    assert.ok(files.includes(path), path);
  }
  assert.deepEqual(files.filter((path) => /_test\.ts$|(^|\/)\.|\.log$/.test(path)), []);
});

Deno.test("publishing warns of no slow type, and of no import that it cannot know but those by name", async () => {
  const { text, success } = await published;
  assert.ok(success, text);
  const warnings = [...text.matchAll(/^(?:warning|error)\[([\w-]+)\].*\n +--> (\S+?):\d+/gm)];
  assert.deepEqual(
    warnings.map(([, what, path]) => `${what} ${path!.replace(ROOT, "")}`).sort(),
    BY_NAME.map((path) => `unanalyzable-dynamic-import ${path}`),
  );
});

/** The package at an address, and an empty folder with an empty home. */
async function withPackage(
  body: (
    url: string,
    deno: (args: string[], env?: Record<string, string>) => Deno.Command,
  ) => Promise<void>,
): Promise<void> {
  const { files } = await published;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
    const path = new URL(url).pathname.slice(1);
    if (!files.includes(path)) return new Response(null, { status: 404 });
    const text = Deno.readTextFileSync(`${ROOT}${path}`);
    const type = path.endsWith(".ts") ? "application/typescript" : "text/javascript";
    // Whoever publishes has names of the import map replaced.
    const said = path === "examples/bot.ts" ? text.replace('"gatehouse"', '"../mod.ts"') : text;
    return new Response(said, { headers: { "content-type": type } });
  });
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  const host = `127.0.0.1:${server.addr.port}`;
  try {
    await body(`http://${host}`, (args, env = {}) =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-prompt", "--quiet", `--allow-import=${host}`, ...args],
        clearEnv: true,
        env: { HOME: `${folder}/home`, DENO_TLS_CA_STORE: "mozilla,system", ...env },
        cwd: folder,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }));
  } finally {
    await server.shutdown();
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("a unit runs from the package's address, with its workers, a cluster and the dashboard", () =>
  withPackage(async (url, deno) => {
    const host = new URL(url).host;
    const allowed = ["net", "read", "write", "run", "env", "sys"].map((kind) => `--allow-${kind}`);
    const unit = follow(
      deno([...allowed, "--unstable-worker-options", `${url}/mod.ts`, "demo"], {
        LISTEN_PORT: "0",
        // jsr.io needs no leave.
        CLUSTER_PERMISSIONS: `--allow-import=${host}`,
      }).spawn(),
    );
    const answered = () => unit.lines.some(({ message }) => message === "answered a message");
    try {
      await until(answered, 60_000, () => JSON.stringify(unit.lines.slice(-5)) + unit.errors());
      const page = await fetch(`${await unit.url()}/dashboard`);
      assert.equal(page.status, 200);
      assert.match(await page.text(), /<html/);
      const script = await fetch(`${await unit.url()}/dashboard/page/app.js`);
      assert.equal(await script.text(), Deno.readTextFileSync(`${ROOT}dashboard/page/app.js`));
    } finally {
      await unit.end("SIGTERM");
    }
  }));

for (
  const [door, use] of Object.entries({
    "events.ts":
      `defineBot({ events: {} }); console.log(typeof serveEvents, typeof connectEvents);`,
    "protocol.ts": `console.log(typeof readBatch, EVENT_LINK_VERSION);`,
    "sim/mod.ts":
      `console.log(createSimulator({ shards: 2 }).settings.shards, typeof serveSimulator);`,
  })
) {
  Deno.test(`${door} is imported from the package's address with no permission, and downloads no package`, () =>
    withPackage(async (url, deno) => {
      const names = use.match(/\b(define|serve|connect|read|create|EVENT)\w+/g)!.join(", ");
      const source = `import { ${names} } from "${url}/${door}"; ${use}`;
      const main = `data:application/typescript,${encodeURIComponent(source)}`;
      const { stdout, stderr } = await deno(["--no-npm", main]).output();
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      assert.match(text(stdout), /^(function|2) \S+\n$/, text(stderr));
    }));
}

const hasNode = await new Deno.Command("node", { args: ["--version"], stdout: "null" }).output()
  .then(() => true, () => false);

/** Uses of doors that need no threads: for programs of any runtime. */
const CLIENT = `import { EVENT_LINK_VERSION, encodeValue, decodeValue } from "DOOR";
console.log(EVENT_LINK_VERSION, decodeValue(encodeValue(new Map([[1n, new Date(0)]]))).size);`;
const LIGHT = {
  "protocol.js": CLIENT,
  "events.js": `import { defineBot, serveEvents } from "DOOR";
console.log(typeof defineBot({ events: {} }).handle, typeof serveEvents);`,
  "sim/mod.js": `import { createSimulator } from "DOOR";
console.log(createSimulator({ shards: 2 }).settings.shards, "shards");`,
};

Deno.test(
  "what deno pack writes has the same files, and its light doors open from an empty folder" +
    (hasNode ? ", by Node as well" : ""),
  async () => {
    const { files } = await published;
    const folder = Deno.realPathSync(Deno.makeTempDirSync());
    Deno.mkdirSync(`${folder}/home`);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["pack", "--allow-dirty", "--no-source-maps", `--output=${folder}/packed.tgz`],
      cwd: ROOT,
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const packed = extract(Deno.readFileSync(`${folder}/packed.tgz`), folder);
    const sources = new Set(files.map((path) => path.replace(/(?<!\.d)\.ts$/, "")));
    const foreign = packed.map((path) => path.replace("package/", ""))
      .filter((path) => !sources.has(path) && !sources.has(path.replace(/(\.d)?\.(ts|js)$/, "")));
    assert.deepEqual(foreign, ["package.json"]);
    const runtimes = [[Deno.execPath(), "run", "--no-prompt", "--quiet", "--no-npm"]];
    if (hasNode) runtimes.push(["node"]);
    for (const [door, use] of Object.entries(LIGHT)) {
      Deno.writeTextFileSync(`${folder}/main.mjs`, use.replace("DOOR", `./package/${door}`));
      for (const [program, ...args] of runtimes) {
        const { code, stdout, stderr } = await new Deno.Command(program!, {
          args: [...args, "main.mjs"],
          clearEnv: true,
          env: { HOME: `${folder}/home`, PATH: Deno.env.get("PATH") ?? "" },
          cwd: folder,
        }).output();
        assert.equal(code, 0, `${program} ${door}: ${new TextDecoder().decode(stderr)}`);
        assert.match(new TextDecoder().decode(stdout), /^(3 1|function function|2 shards)\n$/);
      }
    }
    Deno.removeSync(folder, { recursive: true });
  },
);
