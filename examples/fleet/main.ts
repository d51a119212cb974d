/**
 * A fleet on this machine, with one command: `deno task -q fleet` starts a NATS server, the simulated Discord and
 * three units, and tells which unit has which shards. Kill one and see where its shards go: see `README.md`.
 *
 * @module
 */

import { launchCommand } from "../../app/launcher/command.ts";
import { sleep, systemClock } from "../../ports/clock.ts";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";

/** A unit that runs. */
interface Running {
  readonly child: Deno.ChildProcess;
  readonly url: string;
}

const NAMES = ["a", "b", "c"];
const TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.fleet.example";
const SHARDS = 12;
const FIRST_PORT = 8801;
const NATS_PORT = 4299;
const LOOK_MS = 1_000;
const HOW_TO_GET_IT = `Cannot start: there is no nats-server on PATH. One of these puts it there:

  apt install nats-server
  brew install nats-server
  go install github.com/nats-io/nats-server/v2@latest     (then: export PATH="$PATH:$HOME/go/bin")
`;
const COMMANDS = "kill <unit>   stop <unit>   start <unit>   quit";

const folder = Deno.makeTempDirSync({ prefix: "gatehouse-fleet-" });
const running = new Map<string, Running>();

function startNats(): Deno.ChildProcess {
  const args = ["-a", "127.0.0.1", "-p", String(NATS_PORT), "-js", "-sd", `${folder}/nats`];
  try {
    const silent = { stdin: "null", stdout: "null", stderr: "null" } as const;
    return new Deno.Command("nats-server", { args, ...silent }).spawn();
  } catch {
    // It is not there, or may not be run for that reason.
    console.error(HOW_TO_GET_IT);
    Deno.exit(1);
  }
}

/** Starts a unit as `deno task start` would, without what launches it in between: so that it can be killed itself. */
async function startUnit(name: string, apiUrl: string): Promise<void> {
  const port = FIRST_PORT + NAMES.indexOf(name);
  const env = {
    HOME: Deno.env.get("HOME") ?? "",
    PATH: Deno.env.get("PATH") ?? "",
    DISCORD_TOKEN: TOKEN,
    DISCORD_API_URL: apiUrl,
    NATS_URL: `nats://127.0.0.1:${NATS_PORT}`,
    UNIT_NAME: name,
    STATE_DIR: `${folder}/${name}`,
    LISTEN_PORT: String(port),
    TOTAL_WORKERS: "1",
    BOT_MODULE: "examples/bot.ts",
  };
  const deno = (args: string[]) =>
    new Deno.Command("deno", {
      args,
      env,
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    });
  const door = new URL("../../mod.ts", import.meta.url).href;
  const { args } = await launchCommand(["start"], env, {
    door,
    executable: Deno.execPath(),
  });
  const log = await Deno.open(`${folder}/${name}.log`, { create: true, append: true });
  const child = deno([...args]).spawn();
  child.stdout.pipeTo(log.writable);
  const unit = { child, url: `http://127.0.0.1:${port}` };
  running.set(name, unit);
  child.status.then(({ signal, code }) => {
    running.delete(name);
    console.log(`unit ${name} has ended: ${signal ?? `code ${code}`}`);
  });
  console.log(`unit ${name} is started: ${unit.url}, process ${child.pid}, ${folder}/${name}.log`);
}

/** The shards that a unit has open; `null`: it does not answer yet. */
async function shardsOf({ url }: Running): Promise<number[] | null> {
  try {
    const state = await (await fetch(`${url}/control/state`)).json();
    const shards: { shardId: number; state: string }[] = state.shards;
    return shards.filter(({ state }) => state === "ready").map(({ shardId }) => shardId);
  } catch {
    return null;
  }
}

/** Tells who has what, each time that it is another than before. */
async function watch(): Promise<never> {
  let told = "";
  for (;;) {
    const units = await Promise.all(
      [...running].toSorted().map(async ([name, unit]) => ({ name, has: await shardsOf(unit) })),
    );
    const known = units.flatMap(({ has }) => has ?? []);
    const lines = units.map(({ name, has }) => `  ${name}: ${has?.join(" ") ?? "…"}`);
    const sum = known.length === SHARDS
      ? "all shards are up"
      : `${known.length} of ${SHARDS} are up`;
    const text = `${lines.join("\n")}\n${sum}`;
    if (text !== told) {
      console.log(`${new Date(systemClock.wallMs()).toLocaleTimeString()}\n${told = text}`);
    }
    await sleep(systemClock, LOOK_MS);
  }
}

async function obey(line: string, apiUrl: string): Promise<void> {
  const [verb, name = ""] = line.trim().split(/\s+/);
  const unit = running.get(name);
  if (verb === "kill" && unit) unit.child.kill("SIGKILL");
  else if (verb === "stop" && unit) unit.child.kill("SIGTERM");
  else if (verb === "start" && NAMES.includes(name) && !unit) await startUnit(name, apiUrl);
  else if (verb !== "") console.log(COMMANDS);
}

const nats = startNats();
const sim = createSimulator({ token: TOKEN, shards: SHARDS, maxConcurrency: SHARDS, guilds: 48 });
const discord = serveSimulator(sim);

async function quit(): Promise<never> {
  for (const { child } of running.values()) child.kill("SIGTERM");
  await Promise.all([...running.values()].map(({ child }) => child.status));
  nats.kill("SIGTERM");
  await nats.status;
  await Deno.remove(folder, { recursive: true });
  Deno.exit(0);
}

Deno.addSignalListener("SIGINT", quit);
for (const name of NAMES) await startUnit(name, discord.apiUrl);
console.log(COMMANDS);
watch();
let rest = "";
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + text).split("\n");
  rest = lines.pop()!;
  for (const line of lines) {
    if (line.trim() === "quit") await quit();
    await obey(line, discord.apiUrl);
  }
}
