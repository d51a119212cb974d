/** A unit as somebody starts it, from its settings to its exit code. */

import assert from "node:assert/strict";
import { systemClock } from "../../ports/clock.ts";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { eventsOf } from "../support/dashboard/watched_unit.ts";
import { startAsDemo, startTask, startUnit, until } from "../support/unit_process.ts";

Deno.test("with no setting the unit plays against the simulator and the bot answers", async () => {
  const unit = startTask("demo", { LISTEN_PORT: "0" });
  await unit.ready();
  const answered = () => unit.lines.some((line) => line.message === "answered a message");
  await until(answered, 20_000, () => "the example bot answered nothing");
  const page = eventsOf(await fetch(`${await unit.url()}/dashboard/live`));
  for (let told = await page.next(); told?.event !== "change"; told = await page.next());
  let figures: number | null = null;
  while (figures === null) {
    const { clusters } = (await page.next())!.data;
    figures = clusters?.[0].cpuPercent ?? null;
    if (figures !== null) assert.ok(clusters[0].memoryBytes > 1_000_000, "of its own process");
  }
  await page.leave();
  const metrics = await (await fetch(`${await unit.url()}/metrics`)).text();
  assert.match(metrics, /gatehouse_events_received_total\{shard="0"\} [1-9]/);
  assert.equal(await unit.end("SIGTERM"), 0);
  const bad = unit.lines.filter((line) => line.level === "ERROR");
  assert.deepEqual(bad, []);
  assert.match(unit.lines[0]!.message, /simulator/);
});

Deno.test("settings that are wrong are all told at once, and nothing starts", async () => {
  const unit = await startUnit({
    DISCORD_TOKEN: "t",
    TOTAL_SHARDS: "many",
    LISTEN_PORT: "-1",
    INTENTS: "X",
  });
  assert.equal(await unit.exited, 1);
  for (const setting of ["TOTAL_SHARDS", "LISTEN_PORT", "INTENTS"]) {
    assert.match(unit.errors(), new RegExp(`${setting}: expected`));
  }
});

Deno.test("a token that Discord does not accept stops the unit, which says so and not the token", async () => {
  const discord = serveSimulator(createSimulator());
  const stateDir = Deno.makeTempDirSync();
  const unit = await startUnit({
    DISCORD_TOKEN: "not.the.token",
    DISCORD_API_URL: discord.apiUrl,
    LISTEN_PORT: "0",
    STATE_DIR: stateDir,
  });
  assert.equal(await unit.exited, 1);
  const words = unit.lines.map((line) => line.message).join("\n");
  assert.match(words, /does not accept DISCORD_TOKEN/);
  assert.ok(!JSON.stringify(unit.lines).includes("not.the.token"));
  await discord.close();
  Deno.removeSync(stateDir, { recursive: true });
});

/** A unit with a bot whose `shutdown()` is this, once it is ready. */
async function startBot(shutdown: string) {
  const dir = Deno.makeTempDirSync();
  const bot = "export default { wants: () => false, handle() {}, async shutdown() {";
  Deno.writeTextFileSync(`${dir}/bot.ts`, `${bot} ${shutdown} } };`);
  const discord = serveSimulator(createSimulator({ shards: 1 }));
  const unit = await startUnit({
    DISCORD_TOKEN: "sim-token",
    DISCORD_API_URL: discord.apiUrl,
    BOT_MODULE: `${dir}/bot.ts`,
    LISTEN_PORT: "0",
    STATE_DIR: `${dir}/state`,
  });
  await unit.ready();
  const close = async () => {
    await discord.close();
    Deno.removeSync(dir, { recursive: true });
  };
  return { unit, close };
}

Deno.test("a unit that is drained stops as by SIGTERM, and its process ends well", async () => {
  const { unit, close } = await startBot('console.log("has stopped");');
  const answer = await fetch(`${await unit.url()}/control/drain`, { method: "POST" });
  assert.deepEqual([answer.status, await answer.json()], [202, { ok: true }]);
  assert.equal(await unit.exited, 0);
  const words = unit.lines.map(({ message }) => message);
  assert.ok(words.includes("stopping, sessions are kept"), words.join("\n"));
  assert.equal(words.at(-1), "stopped");
  assert.match(JSON.stringify(unit.lines), /"reason":"an operator drains it"/);
  assert.match(JSON.stringify(unit.lines), /has stopped/);
  await close();
});

const pause = (ms: number) => new Promise<void>((resolve) => void systemClock.after(ms, resolve));

Deno.test("a Ctrl-C that comes twice within milliseconds does not cut a bot's shutdown()", async () => {
  const { unit, close } = await startBot(
    'await new Promise((resolve) => setTimeout(resolve, 1_500)); console.log("has stopped");',
  );
  unit.signal("SIGINT");
  await pause(5);
  unit.signal("SIGINT");
  assert.equal(await unit.exited, 0, unit.errors());
  assert.ok(unit.lines.some(({ fields }) => fields.text === "has stopped"));
  assert.equal(unit.lines.at(-1)?.message, "stopped");
  await close();
});

Deno.test("a second signal ends the unit at once, with 130", async () => {
  const { unit, close } = await startBot("await new Promise(() => {});");
  unit.signal("SIGTERM");
  await pause(600);
  unit.signal("SIGTERM");
  assert.equal(await unit.exited, 130, unit.errors());
  await close();
});

Deno.test("a unit whose worker was lost eleven times stops in good order, and ends with 70", async () => {
  const program = new URL("../support/losing_unit.ts", import.meta.url);
  const unit = await startAsDemo(program, { LISTEN_PORT: "0", TOTAL_WORKERS: "1" });
  assert.equal(await unit.exited, 70, unit.errors());
  const words = unit.lines.map(({ message }) => message);
  const lost = words.filter((word) => word.startsWith("worker was lost"));
  assert.equal(lost.length, 11, words.join("\n"));
  assert.equal(lost.at(-1), "worker was lost too often, the unit has to be restarted");
  assert.equal(words.at(-1), "stopped");
});

const MODULE = new URL("../../app/terminal/signals.ts", import.meta.url).href;

/** Says each signal that it gets, and ends after two. */
const PROGRAM = `import { stopSignals } from ${JSON.stringify(MODULE)};
const stayAlive = setInterval(() => {}, 1000);
const signals = stopSignals();
for (let left = 2; left > 0; left--) {
  const next = signals.next();
  console.log("waits");
  console.log(await next);
  await new Promise((resolve) => setTimeout(resolve, 600));
}
clearInterval(stayAlive);
Deno.exit();`;

Deno.test("stopSignals() hears signals of either kind, and the process goes on", async () => {
  const url = `data:application/typescript,${encodeURIComponent(PROGRAM)}`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--ignore-env", "--quiet", url],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let output = "";
  const signals: Deno.Signal[] = ["SIGTERM", "SIGINT"];
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += text;
    if (output.endsWith("waits\n")) child.kill(signals.shift()!);
  }
  assert.equal((await child.status).code, 0);
  assert.equal(output, "waits\nSIGTERM\nwaits\nSIGINT\n");
});
