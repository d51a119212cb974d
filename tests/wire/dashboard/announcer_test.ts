import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { systemClock } from "../../../ports/clock.ts";
import { browserTest, type OpenBrowser } from "../../support/dashboard/browser.ts";
import { serveDashboard } from "../../support/dashboard/server.ts";
import { until } from "../../support/unit_process.ts";
import { World } from "../../support/dashboard/world.ts";

const LIMIT_MS = 10_000;
const world = () => new World({ shards: 64, nowMs: systemClock.epochMs(), isCalm: true });

/** Opens the page with a clock that can be moved on, and notes whatever a screen reader would read out. */
async function listen(browser: OpenBrowser, url: string) {
  const { page, problems } = await browser.open("about:blank");
  await page.clock.install();
  await page.goto(url);
  await page.waitForSelector("[data-key]");
  await page.evaluate(`{
    window.said = [];
    const announcer = document.querySelector("#announcer");
    new MutationObserver(() => announcer.innerText && said.push(announcer.innerText))
      .observe(announcer, { subtree: true, childList: true, characterData: true });
  }`);
  return { page, problems, said: () => page.evaluate("said") as Promise<string[]> };
}

/** So many seconds pass on the page. */
const pass = (page: Page, seconds: number) => page.clock.runFor(seconds * 1_000);

browserTest("a screen reader is told of changes once in ten seconds", async (browser) => {
  const here = world();
  await using server = serveDashboard(here);
  const { page, said } = await listen(browser, server.url);
  for (let second = 0; second < 60; second++) {
    const state = second % 2 === 0 ? "backing off" as const : "ready" as const;
    const shards = here.view.shards.map((each) =>
      each.shardId === second ? { ...each, state } : each
    );
    server.send(here.change({ shards }, systemClock.epochMs()));
    await page.waitForTimeout(20);
    await pass(page, 1);
  }
  const all = await said();
  assert.ok(all.length >= 5 && all.length <= 7, `${all.length} times:\n${all.join("\n")}`);
  for (const text of all) assert.match(text, /^\d shards are backing off\. \d\d of 64 shards/);
});

browserTest(
  "a screen reader is told of incidents, the same twice if it came twice",
  async (browser) => {
    const here = world();
    await using server = serveDashboard(here);
    const { page, said } = await listen(browser, server.url);
    const incident = {
      level: "warn",
      about: "cluster",
      of: "0",
      text: "Cluster 0 is away",
    } as const;
    for (let time = 1; time <= 2; time++) {
      server.send(here.incident(incident, systemClock.epochMs()));
      await until(
        async () => await page.locator("#incidents").getByText(incident.text).count() === time,
        LIMIT_MS,
      );
      await pass(page, 10);
      await until(async () => (await said()).length === time, LIMIT_MS);
    }
    const text = "Warning: Cluster 0 is away. 64 of 64 shards are ready.";
    assert.deepEqual(await said(), [text, text]);
    await pass(page, 10);
    await until(async () => await page.locator("#announcer").innerText() === "", LIMIT_MS);
  },
);

browserTest("a screen reader is told that the unit is reached again", async (browser) => {
  const here = world();
  await using server = serveDashboard(here);
  const { page, problems, said } = await listen(browser, server.url);
  server.cut(true);
  await page.getByRole("alert").getByText("Not connected since").waitFor();
  server.cut(false);
  await pass(page, 10);
  await page.getByText("Not connected since").waitFor({ state: "hidden" });
  await pass(page, 10);
  await until(async () => (await said()).length > 0, LIMIT_MS);
  assert.deepEqual(await said(), ["Connected again."]);
  assert.ok(problems.splice(0).every((problem) => /503|ERR_/.test(problem)));
});
