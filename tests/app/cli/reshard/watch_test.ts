import assert from "node:assert/strict";
import { EXIT } from "../../../../app/cli/exit.ts";
import { endOf, endText, partOf } from "../../../../app/cli/reshard/watch.ts";
import { lots, reshard } from "../../../support/reshards.ts";
import { hastyClock, keptStream, runCli, statesAt } from "../../../support/cli.ts";
import { snapshot } from "../../../support/snapshots.ts";

const running = snapshot({ reshard: reshard() });
const half = snapshot({ reshard: reshard({ lots: lots(2, 4, "moved"), guildsMoved: 7 }) });
const over = (state: "done" | "cancelled" | "failed", reason = "") =>
  snapshot({
    reshard: reshard({ state, reason, lots: lots(2, 4, "moved", "moved"), guildsMoved: 9 }),
  });

const watch = (request: typeof fetch, ...args: string[]) =>
  runCli(["reshard", "--watch", ...args], { request, clock: hastyClock() });

Deno.test("without a terminal each step is a line, told once, and done ends with 0", async () => {
  const states = [running, running, running, half, half, over("done")];
  const { code, out, err } = await watch(statesAt(...states));
  assert.deepEqual([code, err], [EXIT.OK, ""]);
  assert.deepEqual(out.split("\n"), [
    "reshard 2 → 4 running · 0 of 2 lots moved, waiting 2 · 0 guilds · 0 identifies, 898 left",
    "reshard 2 → 4 running · 1 of 2 lots moved, waiting 1 · 7 guilds · 0 identifies, 898 left",
    "The reshard from 2 to 4 shards is done. 9 guilds moved, 0 identifies spent.",
    "",
  ]);
});

Deno.test("on a terminal a bar is drawn over itself, and gone in the end", async () => {
  const request = statesAt(running, running, half, over("done"));
  const run = await runCli(["reshard", "--watch"], {
    request,
    clock: hastyClock(),
    isTerminal: true,
  });
  assert.match(run.err, /░{24}/);
  assert.match(run.err, /█{12}░{12}/);
  assert.ok(run.err.endsWith("\r\x1b[2K"), "the line is cleared");
  assert.equal(
    run.out,
    "The reshard from 2 to 4 shards is done. 9 guilds moved, 0 identifies spent.\n",
  );
});

Deno.test("one that fails, or is cancelled by somebody else, ends with 1 and says why", async () => {
  const failed = await watch(statesAt(running, over("failed", "no identify is left")));
  assert.equal(failed.code, EXIT.REFUSED);
  assert.match(failed.out, /from 2 to 4 shards is failed: no identify is left\.\n$/);
  assert.equal((await watch(statesAt(over("cancelled")))).code, EXIT.REFUSED);
});

Deno.test("where it is to be cancelled, cancelled is success", async () => {
  const begins = Response.json(reshard({ state: "cancelling" }));
  const states = statesAt(running, over("cancelled"));
  const request: typeof fetch = (input, init) =>
    init?.method === "POST" ? Promise.resolve(begins.clone()) : states(input);
  const run = await runCli(["reshard", "cancel", "--watch"], { request, clock: hastyClock() });
  assert.equal(run.code, EXIT.OK);
});

Deno.test("--watch --json is a line of JSON for each step", async () => {
  const { out } = await watch(statesAt(running, running, half, over("done")), "--json");
  const states = out.trim().split("\n").map((line) => JSON.parse(line).state);
  assert.deepEqual(states, ["running", "running", "done"]);
});

Deno.test("a unit that is restarted meanwhile is waited for; its total says how it ended", async () => {
  const again = snapshot({ totalShards: 4 });
  const { code, out } = await watch(statesAt(running, null, null, again));
  assert.equal(code, EXIT.OK);
  assert.match(out, /is done: the unit was restarted meanwhile, and has 4 shards\./);
});

Deno.test("one that nobody answers for a minute is given up", async () => {
  const { code, err } = await watch(statesAt(running, null));
  assert.equal(code, EXIT.UNREACHABLE);
  assert.match(err, /No unit answers/);
});

Deno.test("a signal ends the watching and not the reshard", async () => {
  const out = keptStream();
  const stopped = () => Promise.resolve("SIGINT");
  const run = await runCli(["reshard", "--watch"], { request: statesAt(running), out, stopped });
  assert.equal(run.code, EXIT.AT_ONCE);
  assert.match(run.err, /The reshard goes on/);
});

Deno.test("there is nothing to watch where no reshard has begun", async () => {
  const { code, err } = await watch(statesAt(snapshot()));
  assert.equal(code, EXIT.REFUSED);
  assert.match(err, /no reshard to watch/);
});

Deno.test("partOf() counts the phases that lots have passed, backwards while it is cancelled", () => {
  assert.equal(partOf(reshard()), 0);
  assert.equal(partOf(reshard({ lots: lots(2, 4, "moved", "holding") })), 0.75);
  assert.equal(partOf(reshard({ state: "cancelling", lots: lots(2, 4, "moved") })), 0.5);
  assert.equal(partOf(reshard({ lots: [] })), 0);
});

Deno.test("endOf() takes what the unit says, as long as it says something", () => {
  const last = reshard();
  assert.equal(endOf(running, null), running.reshard);
  assert.equal(endOf(snapshot(), null), null);
  assert.equal(endOf(snapshot({ totalShards: 2 }), last)!.state, "cancelled");
});

Deno.test("endText() tells of guilds that were forced", () => {
  const text = endText(reshard({ state: "done", forced: 3, guildsMoved: 9, identifiesSpent: 4 }));
  assert.match(text, /9 guilds moved, 4 identifies spent, 3 guilds forced: .* may come twice\.$/);
});
