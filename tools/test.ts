/**
 * Runs the tests and ends with one line: `N passed, N failed`, and `, N skipped` where this machine lacks
 * what some need. Before it comes once more what failed: a log of a long run is read by its end.
 *
 * Unit tests run in parallel, then the examples in docstrings, then the tests with real sockets and
 * processes, one file after the other, then reshards of units, fleets, the dashboard's page in a browser,
 * pages that are typed on a terminal, bots of other libraries, and in the end attacks on a unit.
 *
 * With arguments it passes them to `deno test` instead: paths, `--filter`, `--coverage`.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { CHROMIUM_PATHS } from "./chromium_paths.ts";
import { NATS_PATHS } from "./nats_paths.ts";
import { addTallies, closingLine, exitCode, failuresOf, type Tally, tallyOf } from "./tally.ts";
import { DOORS, SOURCE_FOLDERS } from "./tree.ts";

const SOURCES = SOURCE_FOLDERS.filter((folder) => existsSync(folder));

/** Programs that tests start, where they are. */
const PROGRAMS = [
  ...["cat", "ls", "prlimit", "sha256sum", "prometheus", "promtool"],
  ...["python3", "go", "node", "npm"],
];

/** They take minutes: phases of their own. */
const LIBRARIES = "tests/wire/libraries";
const RESHARDS = "tests/wire/reshard";
const FLEETS = "tests/wire/fleet";
const SERVERS = "tests/wire/nats";
const BROWSER = "tests/wire/dashboard";
const PAGES = "tests/wire/pages";
const ATTACKS = "tests/wire/attack_test.ts";

/** Files at a time of a phase whose units wait most of the time: more than there are cores. */
const WAITING_JOBS = 4;

/** A phase that takes longer has hung; it is killed and has failed. */
const DEADLINE_MS = 20 * 60_000;

/** Of what a phase prints, its end is kept: the list of its failures, and its summary. */
const KEPT_CHARACTERS = 64 * 1024;

/**
 * What our tests may do: this machine only, and files in the temporary folder. Never in the clone, which may be
 * in it: a test sees the same wherever that lies.
 */
function permissions(executable: string, temporary: string): string[] {
  return [
    "--no-prompt",
    "--ignore-env",
    "--allow-env=__IS_WSL_TEST__,CLUSTER_ID,DENO_DIR,HOME,NO_COLOR,PATH,TMPDIR,WS_NO_BUFFER_UTIL,WS_NO_UTF_8_VALIDATE",
    "--allow-net=127.0.0.1,localhost,[::1]",
    `--allow-read=.,${[temporary, ...CHROMIUM_PATHS].join(",")}`,
    `--allow-write=${temporary}`,
    "--deny-write=.",
    // `cat` and `ls` read what Deno does not, in /proc; `prlimit` takes descriptors away; bots of other
    // languages run where these are, and fleets where there is a server, and the dashboard's page in a browser.
    `--allow-run=${[executable, ...PROGRAMS, ...NATS_PATHS, ...CHROMIUM_PATHS].join(",")}`,
    // What drives the browser asks on what machine it is.
    "--allow-sys=cpus,homedir,osRelease,uid",
  ];
}

/** One run of `deno test`. */
interface Phase {
  readonly args: readonly string[];
  /** Files at a time, with `--parallel`. Default: as many as there are cores. */
  readonly jobs?: number;
}

function phases(args: readonly string[]): Phase[] {
  if (args.length > 0) return [{ args }];
  const others = [ATTACKS, BROWSER, LIBRARIES, PAGES, RESHARDS, FLEETS, SERVERS].join(",");
  return [
    { args: ["--parallel", "--ignore=tests/wire", "tests"] },
    { args: ["--doc", ...DOORS, ...SOURCES] },
    { args: [`--ignore=${others}`, "tests/wire"] },
    { args: ["--parallel", RESHARDS] },
    { args: ["--parallel", FLEETS], jobs: WAITING_JOBS },
    { args: ["--parallel", SERVERS], jobs: WAITING_JOBS },
    { args: [BROWSER] },
    { args: [PAGES] },
    { args: [LIBRARIES] },
    { args: [ATTACKS] },
  ];
}

/** How a phase ended. */
interface Ended {
  readonly code: number;
  readonly tally: Tally;
  /** What it said of its failures. */
  readonly failures: string;
}

/** Runs `deno test` once, shows what it prints, and counts. */
async function run({ args, jobs }: Phase, executable: string, temporary: string): Promise<Ended> {
  const color = Deno.stdout.isTerminal() && !Deno.noColor;
  const child = new Deno.Command(executable, {
    args: [
      "test",
      "--lock=tools/deno.lock",
      ...permissions(executable, temporary),
      "--permit-no-files",
      ...args,
    ],
    stdout: "piped",
    env: { ...(color && { FORCE_COLOR: "1" }), ...(jobs && { DENO_JOBS: String(jobs) }) },
  }).spawn();
  const deadline = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
  let output = "";
  const decoder = new TextDecoder();
  for await (const bytes of child.stdout) {
    for (let written = 0; written < bytes.length;) {
      written += await Deno.stdout.write(bytes.subarray(written));
    }
    output = (output + decoder.decode(bytes, { stream: true })).slice(-KEPT_CHARACTERS);
  }
  const { code } = await child.status;
  clearTimeout(deadline);
  return { code, tally: tallyOf(output, code), failures: failuresOf(output, code) };
}

async function main(args: readonly string[]): Promise<number> {
  const temporary = ["TMPDIR", "TMP", "TEMP"].map((name) => Deno.env.get(name)).find(Boolean);
  let total: Tally = { passed: 0, failed: 0, skipped: 0 };
  let repeated = "";
  for (const phase of phases(args)) {
    const { code, tally, failures } = await run(phase, Deno.execPath(), temporary ?? "/tmp");
    total = addTallies(total, tally);
    if (tally.failed === 0) continue;
    repeated += `\ndeno test ${phase.args.join(" ")}: exit code ${code}\n\n${failures}\n`;
  }
  if (args.length === 0 && repeated !== "") console.log(repeated);
  console.log(closingLine(total));
  return exitCode(total);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
