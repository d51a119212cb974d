import assert from "node:assert/strict";

const MODULE = new URL("../../app/terminal/next_signal.ts", import.meta.url).href;

/** Says each signal that it gets, and ends after two. */
const PROGRAM = `import { nextSignal } from ${JSON.stringify(MODULE)};
const stayAlive = setInterval(() => {}, 1000);
for (let left = 2; left > 0; left--) {
  const next = nextSignal();
  console.log("waits");
  console.log(await next);
}
clearInterval(stayAlive);`;

Deno.test("nextSignal() resolves with the next signal, of either kind, and the process goes on", async () => {
  const url = `data:application/typescript,${encodeURIComponent(PROGRAM)}`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", url],
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
