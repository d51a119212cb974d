import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { systemClock } from "../../../ports/clock.ts";
import type { DashboardView } from "../../../dashboard/words.ts";
import { browserTest } from "../../support/dashboard/browser.ts";
import { serveDashboard } from "../../support/dashboard/server.ts";
import { until } from "../../support/unit_process.ts";
import { World, type WorldOptions } from "../../support/dashboard/world.ts";

const LIMIT_MS = 10_000;
const world = (shards: number, more: Partial<WorldOptions> = {}) =>
  new World({ shards, nowMs: systemClock.epochMs(), ...more });
const focused = (page: Page) =>
  page.evaluate("document.activeElement.dataset.key ?? document.activeElement.textContent");

/** Presses keys one after another. */
async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

browserTest("the grid is one stop of the Tab key, and arrows lead through it", async (browser) => {
  await using server = serveDashboard(world(1_000));
  const { page } = await browser.open(server.url, { viewport: { width: 1440, height: 900 } });
  await page.waitForSelector('[data-key="0/1000"][tabindex="0"]');
  await press(page, "Tab");
  assert.equal(await focused(page), "Skip to the shards");
  await press(page, "Enter");
  assert.equal(await page.evaluate("document.activeElement.id"), "shards");
  assert.equal(await page.locator('[data-key][tabindex="0"]').count(), 1);
  await page.locator('[data-key="0/1000"]').focus();
  await press(page, "ArrowRight", "ArrowDown");
  assert.equal(await focused(page), "41/1000");
  await press(page, "End");
  assert.equal(await focused(page), "79/1000");
  await press(page, "Control+End");
  assert.equal(await focused(page), "999/1000");
  await press(page, "Shift+Tab", "Tab");
  assert.equal(await focused(page), "999/1000");
});

browserTest(
  "Enter opens a shard, Escape closes it, and the focus is where it was",
  async (browser) => {
    await using server = serveDashboard(world(1_000));
    const { page } = await browser.open(server.url);
    await page.locator('[data-key="41/1000"]').focus();
    await press(page, "Enter");
    await page.getByRole("complementary", { name: "Shard 41" }).waitFor();
    assert.equal(await page.evaluate("document.activeElement.className"), "drawer");
    await press(page, "Tab", "Tab", "Enter");
    const dialog = page.getByRole("dialog", { name: "Reconnect shard 41?" });
    await dialog.waitFor();
    await press(page, "Escape");
    await dialog.waitFor({ state: "hidden" });
    await press(page, "Escape");
    assert.equal(await focused(page), "41/1000");
  },
);

browserTest("a slash leads to the filter, Enter from there to what was found", async (browser) => {
  await using server = serveDashboard(world(1_000));
  const { page } = await browser.open(server.url);
  await page.waitForSelector("[data-key]");
  await press(page, "/");
  await page.keyboard.type("worker:1 backing");
  await until(async () => await page.locator("[data-key]").count() === 3, LIMIT_MS);
  await press(page, "Enter");
  assert.equal(await focused(page), "308/1000");
  await press(page, "/", "Escape");
  await until(async () => await page.locator("[data-key]").count() === 1_000, LIMIT_MS);
});

browserTest(
  "the table is sorted by its heads, and its rows stay while somebody is in it",
  async (browser) => {
    const here = world(200);
    await using server = serveDashboard(here);
    const { page } = await browser.open(server.url);
    await page.waitForSelector("[data-key]");
    await page.getByRole("radio", { name: "Table" }).check();
    const head = page.getByRole("columnheader", { name: "Oldest" });
    await head.getByRole("button").click();
    assert.equal(await head.getAttribute("aria-sort"), "descending");
    const first = () => page.locator("tbody th .link").first().innerText();
    assert.equal(await first(), "41");
    const shard = { ...here.view.shards[3]!, queued: 9, queueAgeMs: 900_000 };
    server.send(here.change({ shards: [shard] }, systemClock.epochMs()));
    await page.waitForTimeout(200);
    assert.equal(await first(), "41");
  },
);

/** Presses a button by its name, and what the dialog asks back, by keys. */
async function decide(page: Page, button: string, yes: string): Promise<void> {
  await page.getByRole("button", { name: button, exact: true }).focus();
  await press(page, "Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: yes, exact: true }).focus();
  await press(page, "Enter");
  await dialog.waitFor({ state: "hidden" });
}

browserTest("what was pressed and is gone leaves the focus where it was", async (browser) => {
  const here = world(64, { isCalm: true });
  await using server = serveDashboard(here);
  const { page } = await browser.open(server.url);
  await page.waitForSelector("[data-key]");
  const [cluster, ...others] = here.view.clusters;
  const become = (change: Partial<DashboardView>) =>
    server.send(here.change(change, systemClock.epochMs()));

  await decide(page, "Stop cluster 0", "Stop");
  become({ clusters: [{ ...cluster!, state: "stopped" }, ...others] });
  await page.getByRole("button", { name: "Start cluster 0" }).waitFor();
  assert.match(await focused(page) as string, /Start/);

  await decide(page, "Reshard…", "Reshard");
  become({ reshard: new World({ shards: 64, nowMs: systemClock.epochMs() }).view.reshard });
  await page.getByRole("button", { name: "Pause" }).waitFor();
  assert.equal(await page.evaluate("document.activeElement.id"), "reshard");
});

browserTest(
  "Escape closes the details from wherever one is, but not from a field",
  async (browser) => {
    await using server = serveDashboard(world(64));
    const { page } = await browser.open(server.url);
    await page.locator('[data-key="41/64"]').click();
    const panel = page.getByRole("complementary", { name: "Shard 41" });
    await panel.waitFor();
    await press(page, "/");
    await page.keyboard.type("17");
    await press(page, "Escape");
    assert.equal(await page.getByLabel("Filter shards").inputValue(), "");
    assert.ok(await panel.isVisible());
    await page.getByRole("button", { name: "Restart worker 0", exact: true }).first().focus();
    await press(page, "Escape");
    await panel.waitFor({ state: "hidden" });
  },
);

browserTest("a screen reader is told how many shards a filter has found", async (browser) => {
  const here = world(64);
  await using server = serveDashboard(here);
  const { page } = await browser.open(server.url);
  await page.waitForSelector("[data-key]");
  await press(page, "/");
  await page.keyboard.type("backing");
  const found = page.locator("#shards").getByRole("status");
  await found.getByText("1 of 64 shards found").waitFor();
  const shards = [{ ...here.view.shards[3]!, state: "backing off" as const }];
  server.send(here.change({ shards }, systemClock.epochMs()));
  await until(async () => await page.locator("[data-key]").count() === 2, LIMIT_MS);
  // Only what one does oneself is told: with the shards it would be told every second.
  assert.equal(await found.innerText(), "1 of 64 shards found");
});

browserTest("the table has what is looked for, wherever the pointer is", async (browser) => {
  await using server = serveDashboard(world(200));
  const { page } = await browser.open(server.url);
  await page.waitForSelector("[data-key]");
  await page.getByRole("radio", { name: "Table" }).check();
  await page.getByRole("columnheader", { name: "Guilds" }).hover();
  const rows = () => page.locator("tbody th .link").allInnerTexts();
  for (const id of ["12", "13"]) {
    await page.getByLabel("Filter shards").fill(id);
    await until(
      async () => (await rows()).join() === id,
      LIMIT_MS,
      () => `shard ${id} is not there`,
    );
  }
});

browserTest("a second wrong secret is told like the first", async (browser) => {
  await using server = serveDashboard(world(4), { secret: "open sesame" });
  const { page, problems } = await browser.open(server.url);
  await page.getByLabel("Secret").waitFor();
  await page.evaluate(`{
    window.said = [];
    const alert = document.querySelector('[role="alert"]');
    new MutationObserver(() => alert.innerText && said.push(alert.innerText))
      .observe(alert, { subtree: true, childList: true, characterData: true });
  }`);
  for (const time of [1, 2]) {
    await page.getByLabel("Secret").fill("open barley");
    await press(page, "Enter");
    await until(async () => (await page.evaluate("said.length")) === time, LIMIT_MS);
    assert.equal(await page.evaluate("document.activeElement.id"), "secret");
  }
  assert.ok(problems.splice(0).every((problem) => /401/.test(problem)));
});
