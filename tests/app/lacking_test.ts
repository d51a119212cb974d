import assert from "node:assert/strict";
import { flagsLacked, type IsAllowed, requirePermissions } from "../../app/lacking.ts";
import { type Config, CONFIG_DEFAULTS } from "../../config/config.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const CONFIG: Config = { ...CONFIG_DEFAULTS, discordToken: "t", stateDir: "/srv/state" };
const NOTHING: IsAllowed = () => false;
const ENV = { get: () => undefined };
const NO_ENV = {
  get(): never {
    throw new Deno.errors.NotCapable("Requires env access");
  },
};

const lacked = (config: Partial<Config>, isAllowed = NOTHING, env: Pick<Deno.Env, "get"> = ENV) =>
  flagsLacked({ ...CONFIG, ...config }, "/opt/deno", isAllowed, env);

Deno.test("flagsLacked() names all that is missing, as it is to be given", () => {
  assert.deepEqual(lacked({ botModule: "/srv/bot/bot.ts" }), [
    "--allow-net=discord.com:443,*.discord.gg:443,127.0.0.1:8787,127.0.0.1",
    `--allow-read=/srv/state,/srv/bot,${ROOT}`,
    "--allow-write=/srv/state",
    "--allow-run=/opt/deno",
  ]);
});

Deno.test("flagsLacked() asks for no program where no bot is started, and for what threads need", () => {
  const run = (config: Partial<Config>) =>
    lacked(config).filter((flag) => /-(run|env)=/.test(flag));
  assert.deepEqual(run({}), []);
  assert.deepEqual(run({ clusterIsolation: "worker" }), []);
  assert.deepEqual(run({ clusterIsolation: "worker", botModule: "https://a/bot.ts" }), [
    "--allow-run=/opt/deno",
    "--allow-env=WS_NO_BUFFER_UTIL,WS_NO_UTF_8_VALIDATE",
  ]);
});

Deno.test("flagsLacked() leaves out what is there, and asks for a host of a pattern", () => {
  const asked: string[] = [];
  const isAllowed: IsAllowed = (it) => {
    asked.push(String(Object.values(it).at(-1)));
    return it.name !== "write";
  };
  assert.deepEqual(lacked({}, isAllowed), ["--allow-write=/srv/state"]);
  assert.ok(asked.includes("gateway.discord.gg:443"));
});

Deno.test("flagsLacked() asks for no net where the API names the gateway later", () => {
  const flags = lacked({ discordApiUrl: "http://10.0.0.1/api" });
  assert.ok(!flags.some((flag) => flag.startsWith("--allow-net")));
});

Deno.test("flagsLacked() notices an environment that refuses to be asked", () => {
  assert.deepEqual(lacked({}, () => true, NO_ENV), ["--ignore-env"]);
});

Deno.test("requirePermissions() tells all at once", () => {
  const config = { ...CONFIG, stateDir: "/srv/state" };
  assert.throws(() => requirePermissions(config, "/opt/deno"), {
    code: "bad_config",
    message: /^Cannot start: this program lacks --allow-net=.* --allow-write=\/srv\/state/,
  });
});
