import assert from "node:assert/strict";
import { launchCommand, UNSTABLE } from "../../../app/launcher/command.ts";

const FILE = { door: "file:///opt/gate%20house/mod.ts", executable: "/opt/deno" };
const flagsOf = (args: readonly string[]) => args.filter((arg) => arg.startsWith("--"));

Deno.test("a unit is run by our own deno.json and lock, whose bot is somebody else's", async () => {
  const { args, isWatched } = await launchCommand(["start", "./bot.ts"], {}, FILE);
  assert.equal(args[0], "run");
  assert.deepEqual(args.slice(-3), ["/opt/gate house/mod.ts", "start", "./bot.ts"]);
  const flags = flagsOf(args);
  assert.deepEqual(flags.slice(0, 4), [
    "--no-prompt",
    "--ignore-env",
    "--config=/opt/gate house/deno.json",
    "--lock=/opt/gate house/deno.lock",
  ]);
  const kinds = flags.slice(4).map((flag) => flag.replace(/=.*/, ""));
  assert.deepEqual(kinds, [
    "--allow-net",
    "--allow-read",
    "--deny-write",
    "--allow-run",
    "--allow-env",
  ]);
  assert.ok(isWatched);
});

Deno.test("what is locked is what is needed: of a fleet NATS, of who looks at a unit its tables", async () => {
  const lock = async (args: string[], env = {}) =>
    flagsOf((await launchCommand(args, env, FILE)).args).find((flag) => flag.startsWith("--lock"));
  const fleet = { DISCORD_TOKEN: "a.b.c", NATS_URL: "nats://127.0.0.1" };
  assert.equal(await lock([], fleet), "--lock=/opt/gate house/fleet/deno.lock");
  assert.equal(await lock(["doctor"], fleet), "--lock=/opt/gate house/fleet/deno.lock");
  assert.equal(await lock(["demo"], fleet), "--lock=/opt/gate house/deno.lock");
  assert.equal(await lock(["status"]), "--lock=/opt/gate house/app/cli/deno.lock");
});

Deno.test("from JSR the package is run by its name, from elsewhere by its address; no deno.json is ours there", async () => {
  const own = ["--no-config", "--no-lock", "--node-modules-dir=none", ...UNSTABLE];
  for (
    const [door, main] of [
      ["https://jsr.io/@gatehouse/gatehouse/1.2.3/mod.ts", "jsr:@gatehouse/gatehouse@1.2.3"],
      ["https://git.example/gatehouse/mod.ts", "https://git.example/gatehouse/mod.ts"],
    ] as const
  ) {
    const { args } = await launchCommand(["rest"], {}, { ...FILE, door });
    assert.deepEqual(args.slice(3, 3 + own.length), own);
    assert.equal(args.includes("--allow-import=git.example"), main === door);
    assert.deepEqual(args.slice(-2), [main, "rest"]);
  }
});

Deno.test("what our deno.json has unstable is so from an address, too", () => {
  const { unstable } = JSON.parse(Deno.readTextFileSync("deno.json"));
  assert.deepEqual(UNSTABLE, unstable.map((name: string) => `--unstable-${name}`));
});

Deno.test("who asks a unit has the terminal's input", async () => {
  for (const args of [["top"], ["status"], ["init"], ["--help"], ["nothing"]]) {
    assert.equal((await launchCommand(args, {}, FILE)).isWatched, false, `${args}`);
  }
});
