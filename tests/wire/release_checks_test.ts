/** What a release asks of an executable: a version, and a demo that is played to an answer and a clean end. */

import assert from "node:assert/strict";
import { VERSION } from "../../protocol/discord/user_agent.ts";
import { ROOT } from "../support/compiled.ts";

/** What a check may take here before it says so. */
const WITHIN_MS = 1_000;

/** Asks a check of an executable that is this script of a shell. A process of its own may run what is no program of the tests. */
async function problemOf(check: "versionProblem" | "demoProblem", script: string) {
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/gatehouse`;
    Deno.writeTextFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `import { ${check} } from ${JSON.stringify(`file://${ROOT}tools/release/checks.ts`)};
        console.log(JSON.stringify(await ${check}(${JSON.stringify(path)}, ${WITHIN_MS})));
        Deno.exit();`,
      ],
      cwd: ROOT,
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert.notEqual(text, "", new TextDecoder().decode(stderr));
    return JSON.parse(text) as string | null;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const line = (level: string, message: string) =>
  `echo '${JSON.stringify({ level, message, fields: {} })}'`;
const ANSWERED = line("INFO", "answered a message");
const STOPPED = line("INFO", "stopped");
/** Goes on until it is asked to stop, and then has these words. */
const untilStopped = (then: string) =>
  `stop() { ${then}; }; trap stop TERM; ${ANSWERED}; while :; do sleep 0.02; done`;

const DEMOS: Readonly<Record<string, readonly [script: string, wanted: RegExp | null]>> = {
  "plays it, and ends in good order when it is asked to": [
    untilStopped(`${STOPPED}; exit 0`),
    null,
  ],
  "ends with an error": [
    "echo 'no such module' >&2; exit 3",
    /ended with 3, its bot never answered.*; it said last: no such module/,
  ],
  "says nothing and ends well": [
    "exit 0",
    /ended with 0, its bot never answered.*; it said last: nothing/,
  ],
  "is a prompt": ["echo 'deno 2.9.6'; exit 0", /never answered.*; it said last: deno 2.9.6/],
  "hangs": ["exec sleep 30", /ended with SIGKILL.*never answered.*; it said last: nothing/],
  "hangs, and has started who holds its output open": [
    `${line("INFO", "listening")}; sleep 30; echo`,
    /ended with SIGKILL.*never answered.*listening/,
  ],
  "answers, and complains": [
    `${line("WARN", "an event was lost")}; ${untilStopped(`${STOPPED}; exit 0`)}`,
    /has answered.*; it said last: .*an event was lost/,
  ],
  "answers, and fails as it stops": [
    untilStopped(`${STOPPED}; exit 1`),
    /ended with 1, its bot has answered/,
  ],
  "answers, and does not stop": [untilStopped(":"), /ended with SIGKILL.*has answered/],
  "answers, and is gone before it is asked to stop": [
    ANSWERED,
    /ended with 0, its bot has answered, its unit never said that it stops/,
  ],
  "answers, and leaves somebody behind": [
    `sleep 30 & ${untilStopped(`${STOPPED}; exit 0`)}`,
    /ended with 0, but left somebody behind, its bot has answered/,
  ],
};

for (const [what, [script, wanted]] of Object.entries(DEMOS)) {
  Deno.test(`a demo that ${what} is ${wanted ? "refused" : "taken"}`, async () => {
    const problem = await problemOf("demoProblem", `[ "$1" = demo ] || exit 9\n${script}`);
    if (wanted) assert.match(problem ?? "no problem", wanted);
    else assert.equal(problem, null);
  });
}

const VERSIONS: Readonly<Record<string, readonly [script: string, wanted: RegExp | null]>> = {
  "says its own": [`echo "gatehouse ${VERSION} (Deno 2.9.6)"`, null],
  "says another": ["echo 'gatehouse 0.0.1 (Deno 2.9.6)'", /said "gatehouse 0.0.1 \(Deno/],
  "says its own and fails": [`echo "gatehouse ${VERSION} (Deno)"; exit 1`, /ended with 1/],
  "cannot start": ["echo 'no such file' >&2; exit 127", /ended with 127 and said "no such file"/],
  "says nothing": ["exit 0", /ended with 0 and said "nothing"/],
  "hangs": ["exec sleep 30", /ended with SIGKILL and said "nothing"/],
  "hangs, and has started who holds its output open": [
    "sleep 30; echo",
    /ended with SIGKILL and said "nothing"/,
  ],
};

for (const [what, [script, wanted]] of Object.entries(VERSIONS)) {
  Deno.test(`a version of an executable that ${what} is ${wanted ? "refused" : "taken"}`, async () => {
    const problem = await problemOf("versionProblem", `[ "$1" = --version ] || exit 9\n${script}`);
    if (wanted) assert.match(problem ?? "no problem", wanted);
    else assert.equal(problem, null);
  });
}
