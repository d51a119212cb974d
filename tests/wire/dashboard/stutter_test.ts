import assert from "node:assert/strict";
import type { BrowserContextOptions, CDPSession, Page } from "playwright-core";
import { systemClock } from "../../../ports/clock.ts";
import { browserTest, type OpenBrowser } from "../../support/dashboard/browser.ts";
import { serveDashboard } from "../../support/dashboard/server.ts";
import { World } from "../../support/dashboard/world.ts";

/** Where the page is looked at. */
interface Device {
  readonly context: BrowserContextOptions;
  /** How many times slower than this machine it computes. */
  readonly slower: number;
  /** Of the page's own thread, for one change: a sixtieth of a second is one frame. */
  readonly mostCpuMs: number;
  /** How many times as long as while nothing changes the longest gap between two frames may be. */
  readonly mostLonger: number;
}

const DEVICES: Readonly<Record<string, Device>> = {
  "a desktop": {
    context: { viewport: { width: 1440, height: 900 } },
    slower: 1,
    mostCpuMs: 80,
    mostLonger: 3,
  },
  "a phone with a quarter of the speed": {
    context: {
      viewport: { width: 390, height: 844 },
      deviceScaleFactor: 2,
      isMobile: true,
      hasTouch: true,
    },
    slower: 4,
    mostCpuMs: 400,
    mostLonger: 8,
  },
};

/** Seconds without a change, then seconds with one each, and again: what else runs here disturbs both alike. */
const ROUNDS = 3;
const ROUND_SECONDS = 5;

/** Notes from now on how long each frame had to be waited for. */
const NOTE_GAPS = `{
  window.gaps = [];
  let before = performance.now();
  requestAnimationFrame(function frame(now) {
    window.gaps.push(now - before);
    before = now;
    requestAnimationFrame(frame);
  });
}`;

/** A second passes; the longest that a frame of it had to be waited for. */
async function longestGapMs(page: Page): Promise<number> {
  await page.evaluate("void (gaps = [])");
  await page.waitForTimeout(1_000);
  return await page.evaluate("Math.max(...gaps)") as number;
}

/** What the page has computed, not what it has waited for: other programs have these cores as well. */
async function cpuMs(thread: CDPSession): Promise<number> {
  const { metrics } = await thread.send("Performance.getMetrics");
  return 1_000 * metrics.find(({ name }) => name === "TaskDuration")!.value;
}

/** Of a second as most are: one in which another program was in the way does not count. */
function middle(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)]!;
}

/** Looks at the page of 1,000 shards, now and then with 300 that change each second. */
async function look(browser: OpenBrowser, { context, slower }: Device) {
  const world = new World({ shards: 1_000, churn: 300, nowMs: systemClock.epochMs() });
  await using server = serveDashboard(world);
  const { page } = await browser.open(server.url, context);
  await page.waitForSelector("[data-key]");
  await page.waitForSelector(".chart canvas");
  const thread = await page.context().newCDPSession(page);
  await thread.send("Performance.enable", { timeDomain: "threadTicks" });
  await thread.send("Emulation.setCPUThrottlingRate", { rate: slower });
  await page.evaluate(NOTE_GAPS);
  await page.waitForTimeout(1_000);
  const [calm, changing]: [number[], number[]] = [[], []];
  let changesMs = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (let second = 0; second < ROUND_SECONDS; second++) calm.push(await longestGapMs(page));
    const beforeMs = await cpuMs(thread);
    for (let second = 0; second < ROUND_SECONDS; second++) {
      server.send(world.tick(systemClock.epochMs()));
      changing.push(await longestGapMs(page));
    }
    changesMs += await cpuMs(thread) - beforeMs;
  }
  return {
    calmMs: middle(calm),
    changingMs: middle(changing),
    perChangeMs: changesMs / changing.length,
  };
}

for (const [name, device] of Object.entries(DEVICES)) {
  browserTest(
    `1,000 shards, of which 300 change each second, do not make the page stutter on ${name}`,
    async (browser) => {
      const { calmMs, changingMs, perChangeMs } = await look(browser, device);
      const told =
        `${perChangeMs.toFixed(1)} ms of CPU for each change, all frames of its second included; ` +
        `the longest gap between frames is ${changingMs.toFixed(1)} ms, ` +
        `${calmMs.toFixed(1)} ms while nothing changes`;
      console.log(told);
      assert.ok(perChangeMs < device.mostCpuMs, told);
      assert.ok(changingMs < calmMs * device.mostLonger, told);
    },
  );
}
