import assert from "node:assert/strict";
import { systemClock } from "../../../ports/clock.ts";
import { browserTest } from "../../support/dashboard/browser.ts";
import { serveDashboard } from "../../support/dashboard/server.ts";
import { World } from "../../support/dashboard/world.ts";

/** Of the page's own thread, for one change: a sixtieth of a second is one frame. */
const MOST_CPU_MS = 80;
const CHANGES = 12;

browserTest(
  "1,000 shards, of which 300 change each second, do not make the page stutter",
  async (browser) => {
    const world = new World({ shards: 1_000, churn: 300, nowMs: systemClock.epochMs() });
    await using server = serveDashboard(world);
    const { page } = await browser.open(server.url, { viewport: { width: 1440, height: 900 } });
    await page.waitForSelector("[data-key]");
    await page.waitForSelector(".chart canvas");
    await page.waitForTimeout(1_000);
    const thread = await page.context().newCDPSession(page);
    // What it computes, not what it waits for: other programs have these cores as well.
    await thread.send("Performance.enable", { timeDomain: "threadTicks" });
    const cpuMs = async () => {
      const { metrics } = await thread.send("Performance.getMetrics");
      return 1_000 * metrics.find(({ name }) => name === "TaskDuration")!.value;
    };
    await page.evaluate(`{
    window.gaps = [];
    let before = performance.now();
    requestAnimationFrame(function frame(now) {
      window.gaps.push(now - before);
      before = now;
      requestAnimationFrame(frame);
    });
  }`);
    const beforeMs = await cpuMs();
    for (let change = 0; change < CHANGES; change++) {
      server.send(world.tick(systemClock.epochMs()));
      await page.waitForTimeout(1_000);
    }
    const perChangeMs = (await cpuMs() - beforeMs) / CHANGES;
    const gaps = await page.evaluate("gaps.sort((a, b) => a - b)") as number[];
    const at = (share: number) => Math.round(gaps[Math.floor(gaps.length * share)]!);
    console.log(
      `${perChangeMs.toFixed(1)} ms of CPU for each change, all frames of its second included; ` +
        `of ${gaps.length} frames half came within ${at(0.5)} ms, 99 % within ${at(0.99)} ms`,
    );
    assert.ok(perChangeMs < MOST_CPU_MS, `${perChangeMs} ms of CPU for each change`);
  },
);
