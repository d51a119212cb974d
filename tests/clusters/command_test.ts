import assert from "node:assert/strict";
import { silentLog } from "../../ports/log.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { clusterCommand, compiledCommand } from "../../clusters/command.ts";
import { settingsFromEnv } from "../../clusters/inside/settings.ts";
import type { StartClusterOptions } from "../../clusters/place.ts";

const options: StartClusterOptions = {
  permissions: ["--allow-env=REGION"],
  env: {
    DISCORD_TOKEN: "the-token",
    REST_AUTHORIZATION: "secret",
    HOME: "/home/bot",
    REGION: "eu",
    PATH: "/bin",
  },
  peer: { kind: "cluster", id: 3 },
  unitUrl: "http://127.0.0.1:8787",
  credential: "credential",
  botModule: "file:///srv/bot/src/bot.ts",
  clock: createVirtualClock(),
  log: silentLog,
};

const command = (files: string[] = [], more: Partial<StartClusterOptions> = {}) =>
  clusterCommand({ ...options, ...more }, (path) => files.includes(path));

Deno.test("clusterCommand() gives the cluster what it needs, and no secret of the unit", () => {
  const { args, env } = command();
  assert.deepEqual(env, {
    HOME: "/home/bot",
    REGION: "eu",
    NO_COLOR: "1",
    BOT_MODULE: "file:///srv/bot/src/bot.ts",
    CLUSTER_ID: "3",
    DENO_CACHE_LSC_ENDPOINT: "http://127.0.0.1:0,none",
    GATEHOUSE_CREDENTIAL: "credential",
    GATEHOUSE_URL: "http://127.0.0.1:8787",
  });
  assert.ok(!JSON.stringify([args, env]).match(/the-token|secret/));
});

Deno.test("clusterCommand() allows the unit's address and its own variables, not the bot's folder", () => {
  const allowed = command().args.filter((arg) => /^--(allow|ignore|deny)/.test(arg));
  assert.deepEqual(allowed, [
    "--allow-net=127.0.0.1:8787,127.0.0.1:0",
    "--allow-env=BOT_MODULE,CLUSTER_ID,GATEHOUSE_CREDENTIAL,GATEHOUSE_URL,SERVICE_NAME,REGION",
    "--ignore-env",
  ]);
  const main = command().args.at(-1)!;
  assert.match(main, /^data:application\/typescript,/);
  const source = decodeURIComponent(main.slice(main.indexOf(",") + 1));
  assert.match(source, /import\("file:\/\/\/srv\/bot\/src\/bot\.ts"\)/);
});

Deno.test("a variable of the operator's that has a name of ours does not say who the cluster is", () => {
  const named = {
    permissions: ["--allow-env=SERVICE_NAME,CLUSTER_ID"],
    env: { SERVICE_NAME: "shop", CLUSTER_ID: "99" },
  };
  const service = { kind: "service", name: "clock" } as const;
  for (const started of [clusterCommand, compiledCommand]) {
    for (const peer of [options.peer, service]) {
      const { env } = started({ ...options, ...named, peer }, () => false);
      assert.deepEqual(settingsFromEnv((name) => env[name]).peer, peer);
    }
  }
});

Deno.test("clusterCommand() goes by the deno.json nearest above the bot", () => {
  const { args } = command(["/srv/deno.json", "/srv/bot/deno.jsonc"]);
  assert.ok(args.includes("--config=/srv/bot/deno.jsonc"));
});

Deno.test("clusterCommand() has nothing downloaded at run time, unless that is asked for", () => {
  const downloads = (...permissions: string[]) =>
    command([], { permissions }).args.filter((arg) => /^--(cached|frozen|allow-import)/.test(arg));
  assert.deepEqual(downloads("--allow-net=db"), ["--cached-only", "--frozen"]);
  assert.deepEqual(downloads("--allow-import=esm.sh"), ["--allow-import=esm.sh"]);
});

Deno.test("compiledCommand() calls the program itself, with the same variables and no flag of Deno's", () => {
  const { args, env } = compiledCommand({ ...options, permissions: ["--allow-env=REGION"] });
  assert.deepEqual(args, ["cluster", "--", "--allow-env=REGION"]);
  assert.deepEqual(env, command().env);
});

Deno.test("compiledCommand() refuses what a thread of a compiled program cannot have", () => {
  for (const flag of ["--allow-ffi=./lib.so", "--allow-import", "--deny-net=example.com"]) {
    const ask = () => compiledCommand({ ...options, permissions: [flag] });
    assert.throws(ask, /Cannot use CLUSTER_PERMISSIONS: --\w+-\w+.*: a compiled Gatehouse cannot/);
  }
});
