/**
 * Gatehouse as its users run it: what `deno task start` runs, in whatever tree, with a bot in its
 * built-in cluster and every setting that matters left as it is by default.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { lines } from "../program.ts";
import { INTENTS, type PartyOptions, type RunningParty } from "./party.ts";

const KINDS = ["net", "read", "write", "run", "env"];
/** What Deno needs to find its cache and its packages; nothing else is passed on. */
const OF_DENO = ["DENO_DIR", "HOME", "NPM_CONFIG_REGISTRY", "PATH", "XDG_CACHE_HOME"];
/** Everything is in these files; `sink.ts` is imported by the first. */
const BOT_FILES = ["bot.ts", "sink.ts"];
const LAST_WORDS = 12;
const STOP_MS = 10_000;

/**
 * Starts the unit of the Gatehouse in the folder `tree`, which starts its cluster. `folder` is a
 * temporary one of this run's own.
 *
 * @throws {Error} When there is a `.env` in the tree, whose settings would hold.
 */
export async function startProduct(
  tree: string,
  { folder, compression, world: { apiUrl, sinkPort, token } }: PartyOptions,
): Promise<RunningParty> {
  await refuseEnvFile(tree);
  const env = {
    ...inherited(),
    DISCORD_TOKEN: token,
    DISCORD_API_URL: apiUrl,
    INTENTS: String(INTENTS),
    GATEWAY_COMPRESSION: compression,
    BOT_MODULE: await writeBot(tree, folder),
    BENCH_SINK_PORT: String(sinkPort),
    CLUSTER_PERMISSIONS: `--allow-net=127.0.0.1:${sinkPort} --allow-env=BENCH_SINK_PORT`,
    STATE_DIR: `${folder}/state`,
    LISTEN_PORT: "0",
  };
  const flags = await Promise.all(KINDS.map(async (kind) => {
    const { stdout } = await deno(tree, env, ["task", "-q", "permissions", kind]).output();
    return new TextDecoder().decode(stdout).trim();
  }));
  const child = deno(tree, env, ["run", "--no-prompt", "--ignore-env", ...flags, "mod.ts"]).spawn();
  const words: string[] = [];
  const keep = async (output: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const line of lines(output)) if (words.push(line) > LAST_WORDS) words.shift();
  };
  const reading = Promise.all([keep(child.stdout), keep(child.stderr)]);
  return {
    pid: child.pid,
    lastWords: () => words.join("\n"),
    async end() {
      const killing = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      child.kill("SIGTERM");
      await child.status;
      clearTimeout(killing);
      await reading;
    },
  };
}

function inherited(): Record<string, string> {
  return Object.fromEntries(OF_DENO.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

function deno(cwd: string, env: Record<string, string>, args: readonly string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    env,
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function refuseEnvFile(tree: string): Promise<void> {
  const found = await Deno.stat(`${tree}/.env`).then(() => true, () => false);
  if (found) throw new Error(`Cannot measure with default settings: found ${tree}/.env`);
}

/** Writes the bot, for which `gatehouse` is the one in `tree`. Gives the address of its module. */
async function writeBot(tree: string, folder: string): Promise<string> {
  for (const name of BOT_FILES) {
    await Deno.copyFile(fileURLToPath(new URL(`./${name}`, import.meta.url)), `${folder}/${name}`);
  }
  await Deno.writeTextFile(`${folder}/main.ts`, `export { bot as default } from "./bot.ts";\n`);
  const config = { imports: { gatehouse: `${tree}/mod.ts` }, lock: false };
  await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
  return `${folder}/main.ts`;
}
