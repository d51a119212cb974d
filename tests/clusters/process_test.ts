import assert from "node:assert/strict";
import { silentLog } from "../../ports/log.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { clusterCommand } from "../../clusters/process.ts";
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
const configOf = ({ args }: { args: string[] }) =>
  args.find((arg) => arg.startsWith("--config="))!.slice("--config=".length);

Deno.test("clusterCommand() gives the cluster what it needs, and no secret of the unit", () => {
  const { args, env } = command();
  assert.deepEqual(env, {
    HOME: "/home/bot",
    REGION: "eu",
    NO_COLOR: "1",
    BOT_MODULE: "file:///srv/bot/src/bot.ts",
    CLUSTER_ID: "3",
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

Deno.test("clusterCommand() takes the deno.json nearest above the bot, else ours", () => {
  assert.equal(configOf(command(["/srv/deno.json", "/srv/bot/deno.jsonc"])), "/srv/bot/deno.jsonc");
  assert.equal(configOf(command(["/srv/deno.json"])), "/srv/deno.json");
  const ours = new URL("../../deno.json", import.meta.url).pathname;
  assert.equal(configOf(command()), ours);
  assert.equal(configOf(command(["/deno.json"], { botModule: "https://host/bot.ts" })), ours);
});
