/** `gatehouse top` on a terminal: what it shows, and that it leaves the terminal as it was, however it ends. */

import assert from "node:assert/strict";
import { control } from "../../../app/http/control.ts";
import { EXIT } from "../../../app/cli/exit.ts";
import { loadHono } from "../../../deps.ts";
import { LACKS_TERMINAL, type OnTerminal, onTerminal } from "../../support/on_terminal.ts";
import { createNotedUnit } from "../../support/noted_unit.ts";
import { counters, shard, snapshot } from "../../support/snapshots.ts";

const ignore = LACKS_TERMINAL !== null;
const TAKES = "\x1b[?1049h";
const RELEASES = "\x1b[?7h\x1b[?25h\x1b[?1049l";

/** A unit of so many shards that answers on a port, counting on; `answer` in its place where it is set. */
async function serveUnit(shards: number) {
  const { Hono } = await loadHono();
  const { unit } = createNotedUnit();
  let looks = 0;
  const look = () => {
    looks++;
    return snapshot({
      shards: Array.from({ length: shards }, (_, id) => {
        const counted = counters(id, { received: 100 * looks * (id + 1), latencyMs: 10 * id });
        return shard(id, { totalShards: shards, counters: counted });
      }),
    });
  };
  const app = control(new Hono(), Object.defineProperty(unit, "snapshot", { get: look }));
  const serve = (port: number) =>
    Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, (request) => {
      const { pathname } = new URL(request.url);
      return unitAt.answer?.clone() ?? app.request(pathname.replace("/control", ""));
    });
  let server = serve(0);
  const unitAt: { answer: Response | null; readonly port: number } = {
    answer: null,
    port: server.addr.port,
  };
  return {
    unitAt,
    stop: () => server.shutdown(),
    again: () => void (server = serve(unitAt.port)),
  };
}

function startTop(port: number, size?: [number, number]): OnTerminal {
  const flags = [
    "--quiet",
    "--no-prompt",
    "--ignore-env",
    "--allow-env=LISTEN_PORT,TERM",
    `--allow-net=127.0.0.1:${port}`,
    "--allow-read=.",
  ];
  const argv = [Deno.execPath(), "run", ...flags, "mod.ts", "top", "--interval", "0.2"];
  const env = { LISTEN_PORT: String(port), HOME: Deno.env.get("HOME") ?? "" };
  return onTerminal(argv, env, size);
}

/** The last whole screen, without its paint. */
function lastScreen(output: string): string[] {
  // deno-lint-ignore no-control-regex
  return output.split("\x1b[H").at(-1)!.replace(/\x1b\[[?\d;]*[A-Za-z]/g, "").split(/\r+\n/);
}

async function restoredAfter(top: OnTerminal, code: number) {
  const ended = await top.ended;
  assert.deepEqual(ended, { code, restored: true }, top.output());
  const [, after] = top.output().split(TAKES);
  assert.equal(after?.split(RELEASES).length, 2, "the screen is given back, once");
  return after!.split(RELEASES)[1]!;
}

Deno.test({
  name: "top shows rates, sorts, scrolls, follows the terminal's size, and quits by q",
  ignore,
}, async () => {
  const { unitAt, stop } = await serveUnit(64);
  const top = startTop(unitAt.port);
  await top.sees(/\d events\/s/);
  let screen = lastScreen(top.output());
  assert.equal(screen.length, 24);
  assert.match(screen[0]!, /^gatehouse top http:\/\/127\.0\.0\.1:\d+ · ready/);
  assert.match(screen.at(-1)!, /by state +1–17 of 64/);
  await top.keys("l");
  await top.sees(/by latency/);
  screen = lastScreen(top.output());
  assert.match(
    screen.find((line) => /ready/.test(line) && /^ +\d+\/64/.test(line))!,
    /^ +63\/64 +ready +\S+ +630 ms/,
  );
  await top.keys("\x1b[F");
  await top.sees(/48–64 of 64/);
  await top.size(12, 60);
  await top.sees(/48–52 of 64/);
  await top.sees(/events\/s/);
  screen = lastScreen(top.output());
  assert.equal(screen.length, 12);
  assert.ok(screen.every((line) => line.length <= 60), screen.join("\n"));
  await top.keys("q");
  assert.equal(await restoredAfter(top, EXIT.OK), "");
  await stop();
});

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  Deno.test({ name: `top gives the terminal back when ${signal} ends it`, ignore }, async () => {
    const { unitAt, stop } = await serveUnit(2);
    const top = startTop(unitAt.port);
    await top.sees(/events\/s/);
    await top.signal(signal);
    await restoredAfter(top, EXIT.OK);
    await stop();
  });
}

Deno.test(
  { name: "Ctrl-C, which is a key on a raw terminal, quits as q does", ignore },
  async () => {
    const { unitAt, stop } = await serveUnit(2);
    const top = startTop(unitAt.port);
    await top.sees(/events\/s/);
    await top.keys("\x03");
    await restoredAfter(top, EXIT.OK);
    await stop();
  },
);

Deno.test(
  { name: "top says that the unit is away, and goes on when it is back", ignore },
  async () => {
    const { unitAt, stop, again } = await serveUnit(2);
    const top = startTop(unitAt.port);
    await top.sees(/events\/s/);
    await stop();
    await top.sees(
      /no answer: the connection is refused/,
    );
    again();
    await top.sees(/· .*ready/);
    await top.keys("q");
    await restoredAfter(top, EXIT.OK);
    await stop();
  },
);

Deno.test({
  name: "an error ends top on the terminal as it was, with its message and its code",
  ignore,
}, async () => {
  const { unitAt, stop } = await serveUnit(2);
  const top = startTop(unitAt.port);
  await top.sees(/events\/s/);
  unitAt.answer = Response.json({ error: "Authorization is wrong" }, { status: 401 });
  const rest = await restoredAfter(top, EXIT.DENIED);
  assert.match(rest, /lets nobody in so: Authorization is wrong/);
  await stop();
});

Deno.test(
  { name: "where nobody answers at the beginning the terminal is not touched", ignore },
  async () => {
    const { unitAt, stop } = await serveUnit(2);
    await stop();
    const top = startTop(unitAt.port);
    assert.deepEqual(await top.ended, { code: EXIT.UNREACHABLE, restored: true });
    assert.ok(!top.output().includes(TAKES));
    assert.match(top.output(), /No unit answers/);
  },
);
