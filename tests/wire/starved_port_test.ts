/** A port whose process has been out of descriptors: `node:net` stops accepting then, without a word. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../ports/clock.ts";
import { dial, rest } from "../support/http_port.ts";
import { until } from "../support/unit_process.ts";

const DESCRIPTORS = 120;

Deno.test("serveHttp() takes connections again when its process was out of descriptors", async () => {
  const program = fileURLToPath(new URL("../support/starved_port.ts", import.meta.url));
  const args = ["run", "--no-prompt", "--allow-net=127.0.0.1", program];
  const child = new Deno.Command("prlimit", {
    args: [`--nofile=${DESCRIPTORS}:${DESCRIPTORS}`, Deno.execPath(), ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const port = Number((await reader.read()).value);
  // On a connection of its own each time.
  const answers = async () => {
    const client = await dial(port, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const cancel = systemClock.after(1_000, () => client[Symbol.dispose]());
    return await rest(client).finally(cancel) !== "";
  };
  assert.ok(await answers());
  const conns: Deno.TcpConn[] = [];
  for (let i = 0; i < 2 * DESCRIPTORS; i++) conns.push(await dial(port));
  assert.equal(await answers(), false, "it has descriptors to spare: the test proves nothing");
  for (const conn of conns) conn.close();
  await until(answers, 20_000);
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
});
