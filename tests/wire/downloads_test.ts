/** What a start downloads where nothing has been downloaded yet: what running needs, and no more. */

import assert from "node:assert/strict";
import { downloaded } from "../support/downloaded.ts";
import { startTask } from "../support/unit_process.ts";

/** All that runs without a fleet. A new one costs everybody who starts: it needs a reason. */
const RUNNING = ["@logtape/logtape", "commander", "hono", "undici", "valibot"];

/** What is locked beside it for those who need it: a fleet, and those who look at a unit on a terminal. */
const MORE = {
  "fleet/deno.lock": [
    "@nats-io/jetstream",
    "@nats-io/nats-core",
    "@nats-io/nkeys",
    "@nats-io/nuid",
    "@nats-io/transport-node",
    "tweetnacl",
  ],
  "app/cli/deno.lock": [
    "@colors/colors",
    "ansi-regex",
    "cli-table3",
    "emoji-regex",
    "is-fullwidth-code-point",
    "string-width",
    "strip-ansi",
  ],
};

interface Lock {
  readonly npm: Readonly<Record<string, { readonly integrity: string }>>;
}

const lockOf = (path: string): Lock => JSON.parse(Deno.readTextFileSync(path));
const packagesOf = ({ npm }: Lock) => Object.keys(npm).map(nameOf).sort();
const nameOf = (key: string) => key.slice(0, key.lastIndexOf("@"));

Deno.test("a first start downloads the packages that running needs, and locks no others", async () => {
  const home = Deno.makeTempDirSync();
  const lock = Deno.readTextFileSync("deno.lock");
  const unit = startTask("demo", {
    LISTEN_PORT: "0",
    HOME: home,
    DENO_DIR: `${home}/deno`,
    // A registry inside a company often has a certificate that only the system knows.
    DENO_TLS_CA_STORE: "mozilla,system",
  });
  await unit.ready(60_000);
  assert.deepEqual(downloaded(`${home}/deno`).sort(), RUNNING, unit.errors());
  assert.equal(await unit.end("SIGTERM"), 0);
  assert.equal(Deno.readTextFileSync("deno.lock"), lock);
  Deno.removeSync(home, { recursive: true });
});

Deno.test("each lock holds what it is for, and no more: Deno downloads whatever is locked", () => {
  assert.deepEqual(packagesOf(lockOf("deno.lock")), RUNNING);
  for (const [path, more] of Object.entries(MORE)) {
    assert.deepEqual(packagesOf(lockOf(path)), [...RUNNING, ...more].sort(), path);
  }
});

Deno.test("what runs is tested as it is: all locks have the same", () => {
  const tested = lockOf("tools/deno.lock").npm;
  for (const path of ["deno.lock", ...Object.keys(MORE)]) {
    for (const [key, { integrity }] of Object.entries(lockOf(path).npm)) {
      assert.equal(tested[key]?.integrity, integrity, `${key} of ${path}`);
    }
  }
});

Deno.test("the executable has what is loaded later, too", () => {
  const names = (path: string, pattern: RegExp) =>
    [...Deno.readTextFileSync(path).matchAll(pattern)].map(([, name]) => name).sort();
  const later = names("deps.ts", /later\(\s*"(npm:[^"]+)"/g);
  assert.ok(later.length > 0);
  assert.deepEqual(names("tools/later.ts", /import "(npm:[^"]+)"/g), later);
});
