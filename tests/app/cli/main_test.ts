import assert from "node:assert/strict";
import { OTHERS, program } from "../../../app/cli/main.ts";
import { EXIT } from "../../../app/cli/exit.ts";
import { createWorld } from "../../../app/cli/world.ts";
import { loadCommander } from "../../../deps.ts";
import { VERSION } from "../../../protocol/discord/user_agent.ts";
import { keptStream, runCli, testWorld } from "../../support/cli.ts";

const { Command } = await loadCommander();
const CLI = program(new Command("gatehouse"), createWorld(testWorld()));
const NAMES = CLI.commands.map((command) => command.name());

Deno.test("--help tells every subcommand, and starts nothing", async () => {
  const { code, out, err } = await runCli(["--help"]);
  assert.deepEqual([code, err], [EXIT.OK, ""]);
  for (const name of NAMES) assert.match(out, new RegExp(`^  ${name}\\b`, "m"));
  assert.match(out, /Without a subcommand it is `start`/);
});

Deno.test("every subcommand has its place in the help", () => {
  const shown = CLI.createHelp().visibleCommands(CLI);
  const without = shown.filter((command) => command.helpGroup() === OTHERS);
  assert.deepEqual(without.map((command) => command.name()), ["help"]);
});

Deno.test("--version is one line with the version of Gatehouse, and of Deno", async () => {
  for (const flag of ["--version", "-V"]) {
    const { code, out } = await runCli([flag]);
    assert.equal(code, EXIT.OK);
    assert.equal(
      out,
      `gatehouse ${VERSION} (Deno ${Deno.version.deno}, ${Deno.build.target})\n`,
    );
  }
});

for (const name of NAMES) {
  Deno.test(`${name} --help says what it does, with examples that are parsed and call it`, async () => {
    const { code, out } = await runCli([name, "--help"]);
    assert.equal(code, EXIT.OK);
    assert.match(out, new RegExp(`^Usage: gatehouse ${name}\\b`));
    const examples = [...out.split("\nExamples:\n")[1]!.matchAll(/^ {2}(\S.*)$/gm)];
    const called = await Promise.all(examples.flatMap(([, line]) => commandsIn(line!)).map(calls));
    assert.ok(called.includes(name), `${called}`);
  });
}

/** Commands of Gatehouse in a line that somebody types into a shell, each as its arguments. */
function commandsIn(line: string): string[][] {
  return line.split(" | ")[0]!.split(" && ").map((command) => {
    const [program, ...args] = command.split(" ").filter((word) => !/^[A-Z_]+=/.test(word));
    assert.equal(program, "gatehouse", line);
    return args.length === 0 ? ["start"] : args;
  });
}

/** The subcommand that these arguments call; nothing is done. */
async function calls(args: string[]): Promise<string> {
  const errors = keptStream();
  const cli = program(new Command("gatehouse"), createWorld({ ...testWorld(), err: errors }));
  let called = "";
  for (const command of cli.commands) command.action(() => void (called = command.name()));
  await cli.parseAsync(args, { from: "user" }).catch(() => assert.fail(errors.text()));
  return called;
}

const OPENED: Readonly<Record<string, RegExp>> = {
  start: /^Opens http:\/\/127\.0\.0\.1:8787\/dashboard for a browser/m,
  demo: /^Opens http:\/\/127\.0\.0\.1:8787\/dashboard for a browser/m,
  dev: /^Opens http:\/\/127\.0\.0\.1:8787\/dashboard for a browser/m,
  sim: /^Opens http:\/\/127\.0\.0\.1:8790\/api \(REST\)/m,
  rest: /^Opens http:\/\/127\.0\.0\.1:8787\/api\b/m,
};

Deno.test("the help of what listens says the URL that it opens, and that of nothing else does", async () => {
  for (const name of NAMES) {
    const { out } = await runCli([name, "--help"]);
    assert.match(out, OPENED[name] ?? /^(?![^]*^Opens )/m, name);
  }
});

const WRONG: Readonly<Record<string, [args: string[], told: RegExp]>> = {
  "a subcommand that is misspelt": [["strat"], /unknown command 'strat'\n\(Did you mean start\?\)/],
  "an option that is misspelt": [
    ["start", "--forse"],
    /unknown option '--forse'\n\(Did you mean --force\?\)/,
  ],
  "such an option without a subcommand": [
    ["--simulater"],
    /unknown option '--simulater'\n\(Did you mean --simulator\?\)/,
  ],
  "an argument too many": [["rest", "x"], /too many arguments for 'rest'/],
  "a subcommand that is misspelt, and help on it": [
    ["help", "statu"],
    /unknown command 'statu'\n\(Did you mean status\?\)/,
  ],
  "help on what there is not": [["help", "nonesuch"], /unknown command 'nonesuch'/],
  "a bot without `start`": [
    ["./bot.ts"],
    /unknown command '.\/bot\.ts'\n\(Did you mean start \.\/bot\.ts\?\)/,
  ],
  "a bot in this folder without `start`": [["bot.ts"], /\(Did you mean start bot\.ts\?\)/],
  "an argument that is empty": [["init", ""], /an argument is empty: init ""/],
  "a bot that is empty": [["start", ""], /an argument is empty: start ""/],
  "a subcommand that is empty": [[""], /an argument is empty: ""/],
  "an option's value that is empty": [["status", "--url="], /an argument is empty: status --url=/],
  "the same, by itself": [["top", "--url", "", "--sort", "x"], /top --url ""/],
};

for (const [what, [args, told]] of Object.entries(WRONG)) {
  Deno.test(`${what} is told on the error output, with the nearest that there is`, async () => {
    const { code, out, err } = await runCli(args);
    assert.deepEqual([code, out], [EXIT.USAGE, ""]);
    assert.match(err, told);
    assert.match(err, /`--help` tells what there is/);
  });
}

Deno.test("help and errors have colours where they are wanted, and none elsewhere", async () => {
  const colored = (text: string) => text.includes("\x1b[");
  assert.ok(!colored((await runCli(["--help"])).out));
  assert.ok(colored((await runCli(["--help"], { isTerminal: true })).out));
  assert.ok(colored((await runCli(["--help"], { env: { FORCE_COLOR: "1" } })).out));
  const env = { NO_COLOR: "1" };
  assert.ok(!colored((await runCli(["--help"], { isTerminal: true, env })).out));
  const { err } = await runCli(["strat"], { isTerminal: true });
  assert.ok(err.startsWith("\x1b[31merror\x1b[39m: unknown"), err);
});
