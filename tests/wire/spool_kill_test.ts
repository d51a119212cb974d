/** A spool whose process is killed in the middle of its work, again and again. */

import assert from "node:assert/strict";
import { sleep, systemClock } from "../../ports/clock.ts";
import { openSpoolDir } from "../../store/spool_files.ts";
import { readAll } from "../store/spool_conformance.ts";

const WRITER = new URL("../support/spool_writer.ts", import.meta.url).href;

/** Lets a process write for a while, kills it, and gives the last cursor that was acknowledged. */
async function writeUntilKilled(dir: string, forMs: number): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", `--allow-read=${dir}`, `--allow-write=${dir}`, WRITER, dir],
    stdout: "piped",
  }).spawn();
  let said = "";
  const heard = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      said += text;
      heard.resolve();
    }
  })();
  await heard.promise;
  await sleep(systemClock, forMs);
  child.kill("SIGKILL");
  await Promise.all([child.status, reading]);
  return Math.max(...said.split("\n").slice(0, -1).map(Number));
}

Deno.test("what was acknowledged outlives kill -9, in order and as it was", async () => {
  const dir = await Deno.makeTempDir();
  for (const forMs of [7, 60, 31]) {
    const acknowledged = await writeUntilKilled(dir, forMs);
    const spool = await openSpoolDir(dir)(0);
    const found = await readAll(spool, -1, 1_000_000);
    assert.ok(found.at(-1)!.cursor >= acknowledged, `${acknowledged} was acknowledged`);
    const decoder = new TextDecoder();
    found.forEach(({ cursor, body }, i) => {
      assert.equal(cursor, i);
      assert.equal(decoder.decode(body), `event ${i} ${"x".repeat(i % 1500)}`);
    });
    await spool.close();
  }
  await Deno.remove(dir, { recursive: true });
});
