import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { systemClock } from "../../../ports/clock.ts";
import type { DashboardAct } from "../../../dashboard/words.ts";
import { browserTest } from "../../support/dashboard/browser.ts";
import { serveDashboard } from "../../support/dashboard/server.ts";
import { until } from "../../support/unit_process.ts";
import { World } from "../../support/dashboard/world.ts";

const LIMIT_MS = 10_000;

/** What a person presses, what the dialog's button says, and exactly what the unit is then asked for. */
interface Case {
  readonly press: string;
  readonly yes: string;
  readonly act: DashboardAct;
  /** A shard whose details are opened first. */
  readonly shard?: string;
  /** What is otherwise in the world. */
  readonly world?: (world: World) => void;
  readonly type?: string;
}

const paused = (world: World) => {
  const { reshard } = world.view;
  world.view = { ...world.view, reshard: { ...reshard!, state: "paused" } };
};
const stopped = (world: World) => {
  const clusters = world.view.clusters.map((one) => ({ ...one, state: "stopped" as const }));
  const services = world.view.services.map((one) => ({ ...one, state: "stopped" as const }));
  world.view = { ...world.view, clusters, services };
};
const calm = (world: World) => {
  world.view = { ...world.view, reshard: null };
};

const CASES: readonly Case[] = [
  { press: "Stop cluster 0", yes: "Stop", act: { method: "kill", clusterId: 0 } },
  {
    press: "Start cluster 1",
    yes: "Start",
    act: { method: "spawn", clusterId: 1 },
    world: stopped,
  },
  { press: "Restart cluster 1", yes: "Restart", act: { method: "respawn", clusterId: 1 } },
  { press: "Stop stats-site", yes: "Stop", act: { method: "kill", service: "stats-site" } },
  {
    press: "Start payments",
    yes: "Start",
    act: { method: "spawn", service: "payments" },
    world: stopped,
  },
  { press: "Restart payments", yes: "Restart", act: { method: "respawn", service: "payments" } },
  { press: "Restart all clusters", yes: "Restart all", act: { method: "restartAll" } },
  { press: "Restart worker 0", yes: "Restart", act: { method: "restartWorker", workerId: 0 } },
  {
    press: "Reconnect",
    yes: "Reconnect",
    act: { method: "reconnect", shardId: 17, session: "keep" },
    shard: "17/128",
  },
  {
    press: "New session…",
    yes: "End the session",
    act: { method: "reconnect", shardId: 17, session: "end" },
    shard: "17/128",
  },
  { press: "Pause", yes: "Pause", act: { method: "pauseReshard" } },
  { press: "Resume", yes: "Resume", act: { method: "resumeReshard" }, world: paused },
  { press: "Cancel…", yes: "Cancel the reshard", act: { method: "cancelReshard" } },
  {
    press: "Reshard…",
    yes: "Reshard",
    act: { method: "reshard", totalShards: 192 },
    world: calm,
    type: "192",
  },
  { press: "Drain…", yes: "Drain and stop", act: { method: "drain" } },
];

/** Presses the button; nothing is asked of the unit before the dialog is answered, and nothing by its Cancel. */
async function askTwice(page: Page, { press, yes, shard, type }: Case, acts: DashboardAct[]) {
  const name = { name: press, exact: true };
  if (type !== undefined) await page.locator("#reshard input").fill(type);
  const place = shard === undefined
    ? page.locator("main, header").getByRole("button", name)
    : page.getByRole("complementary").getByRole("button", name);
  const dialog = page.getByRole("dialog");
  for (const answer of ["Cancel", yes]) {
    await place.click();
    await dialog.waitFor();
    assert.deepEqual(acts, [], press);
    await dialog.getByRole("button", { name: answer, exact: true }).click();
    await dialog.waitFor({ state: "hidden" });
  }
}

browserTest("each button asks first, and then for exactly what it says", async (browser) => {
  for (const one of CASES) {
    const world = new World({ shards: 128, nowMs: systemClock.epochMs() });
    one.world?.(world);
    await using server = serveDashboard(world);
    const { page } = await browser.open(server.url, { viewport: { width: 1440, height: 900 } });
    await page.waitForSelector("[data-key]");
    if (one.shard !== undefined) await page.locator(`[data-key="${one.shard}"]`).click();
    await askTwice(page, one, world.acts);
    await until(() => world.acts.length > 0, LIMIT_MS, () => `${one.press} asked for nothing`);
    await page.waitForTimeout(50);
    assert.deepEqual(world.acts, [one.act], one.press);
    await page.context().close();
  }
});
