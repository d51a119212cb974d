import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { systemClock } from "../../../ports/clock.ts";
import { browserTest } from "../../support/dashboard/browser.ts";
import { serveDashboard } from "../../support/dashboard/server.ts";
import { until } from "../../support/unit_process.ts";
import { World, type WorldOptions } from "../../support/dashboard/world.ts";

const world = (shards: number, more: Partial<WorldOptions> = {}) =>
  new World({ shards, nowMs: systemClock.epochMs(), ...more });

const LIMIT_MS = 10_000;

/** Resolves once there is a grid. */
const grid = (page: Page) => page.waitForSelector('[role="grid"] [data-key]');
const cell = (page: Page, key: string) => page.locator(`[data-key="${key}"]`);
const text = async (page: Page, selector: string) => await page.locator(selector).innerText();

browserTest(
  "the page shows what there is: shards, clusters, REST, reshard, fleet, incidents",
  async (browser) => {
    await using server = serveDashboard(world(64));
    const { page } = await browser.open(server.url);
    await grid(page);
    assert.equal(await page.locator('[role="grid"] [data-key]').count(), 64);
    assert.match(await cell(page, "0/64").innerText(), /^Shard\s+0\s+\d+ ms\s+[\d.]+\/s\s+ready$/);
    assert.match(await cell(page, "17/64").innerText(), /backing off/);
    assert.match(await cell(page, "41/64").innerText(), /4,120 events wait/);
    const wanted: Record<string, RegExp[]> = {
      ".vitals .facts": [
        /Shards ready\s+60\s*of 64/,
        /Identifies left\s+956\s*of 1,000/,
        /Up\s+91 min/,
      ],
      "#clusters": [/cluster 0[\s\S]*connected/, /payments[\s\S]*away/, /Restart/],
      "#rest": [/Fuse slow/, /429 by Discord\s+4/, /POST \/channels\/:id\/messages/],
      "#rest .waits": [
        /POST \/channels\/:id\/messages channels\/81384788765712384\s+31\s+12 s\s+in 1.9 s/,
        /PATCH \/guilds\/:id\/members\/:id guilds\/41771983423143937\s+6\s+0.7 s\s+after an answer/,
      ],
      "#identifies": [/Shards wait\s+11/, /53 in/],
      "#reshard": [/64 → 128 shards/, /41,230/, /Pause/],
      "#fleet": [/gate-b/, /gate-c[\s\S]*not heard of/],
      "#incidents": [/closed the connection with 4009/],
      "#workers": [/worker 0[\s\S]*shards 0–63/],
      ".notices": [/Not ready: shard 17 is backing off/],
    };
    for (const [selector, patterns] of Object.entries(wanted)) {
      for (const pattern of patterns) assert.match(await text(page, selector), pattern, selector);
    }
    await until(async () => await page.locator(".chart canvas").count() === 4, LIMIT_MS);
    assert.equal(await page.title(), "gate-a: not ready");
  },
);

browserTest("what changes is drawn, and nothing else", async (browser) => {
  const here = world(64);
  await using server = serveDashboard(here);
  const { page } = await browser.open(server.url);
  await grid(page);
  await page.evaluate(`{
    window.touched = new Set();
    new MutationObserver((all) => all.forEach(({ target }) => {
      const cell = (target.nodeType === 1 ? target : target.parentElement).closest("[data-key]");
      window.touched.add(cell ? cell.dataset.key : "what is around the cells");
    })).observe(window.grid = document.querySelector('[role="grid"]'),
      { subtree: true, attributes: true, childList: true, characterData: true });
  }`);
  const shard = { ...here.view.shards[5]!, latencyMs: 777 };
  server.send(here.change({ shards: [shard] }, systemClock.epochMs()));
  await page.getByText("777 ms").first().waitFor();
  assert.deepEqual(await page.evaluate("[...window.touched]"), ["5/64"]);
  assert.ok(await page.evaluate("window.grid.isConnected"));
});

browserTest("a change of all of 1,000 shards is drawn at once, in one frame", async (browser) => {
  const here = world(1_000, { isCalm: true });
  await using server = serveDashboard(here);
  const { page } = await browser.open(server.url);
  await grid(page);
  await page.evaluate(`{
    let frame = 0;
    requestAnimationFrame(function next() {
      frame++;
      requestAnimationFrame(next);
    });
    window.drawn = [];
    new MutationObserver(() => window.drawn.push(frame))
      .observe(document.querySelector('[role="grid"]'), { subtree: true, attributes: true });
  }`);
  const shards = here.view.shards.map((each) => ({ ...each, state: "backing off" as const }));
  server.send(here.change({ shards }, systemClock.epochMs()));
  await until(async () => await page.locator(".cell.warn").count() === 1_000, LIMIT_MS);
  await page.waitForTimeout(500);
  const frames = new Set(await page.evaluate("window.drawn") as number[]);
  assert.equal(frames.size, 1, `drawn in the frames ${[...frames].join(", ")}`);
});

browserTest(
  "a shard that does not serve yet has no buttons that would mean another",
  async (browser) => {
    const here = world(4, { isCalm: true });
    await using server = serveDashboard(here);
    const { page } = await browser.open(server.url);
    await grid(page);
    const rising = { ...here.view.shards[2]!, key: "2/8", totalShards: 8, role: "rises" as const };
    const all = { shards: [...here.view.shards, rising] };
    server.send(here.change({ shards: [rising] }, systemClock.epochMs(), all));
    const names = async (key: string) => {
      await cell(page, key).click();
      const [id, total] = key.split("/");
      const panel = page.getByRole("complementary", { name: `Shard ${id} of ${total}` });
      await panel.getByText("Restart worker").waitFor();
      return await panel.getByText(/^\s*(Reconnect|New session…)\s*$/).allInnerTexts();
    };
    await cell(page, "2/8").waitFor();
    assert.match(await text(page, ".vitals .facts"), /Shards ready\s+4\s*of 4/);
    assert.deepEqual(await names("2/4"), ["Reconnect", "New session…"]);
    await page.keyboard.press("Escape");
    assert.deepEqual(await names("2/8"), []);
  },
);

browserTest("shards that come and go are put in their place", async (browser) => {
  const here = world(16, { isCalm: true });
  await using server = serveDashboard(here);
  const { page } = await browser.open(server.url);
  await grid(page);
  const shard = {
    ...here.view.shards[0]!,
    key: "0/32",
    totalShards: 32,
    role: "rises" as const,
  };
  const change = here.change({ shards: [shard], goneShards: ["3/16"] }, systemClock.epochMs());
  server.send(change);
  await page.getByRole("grid", { name: "Shards Of 32" }).waitFor();
  await page.getByRole("heading", { name: "Of 32: 1 rises" }).waitFor();
  assert.equal(await cell(page, "3/16").count(), 0);
  assert.equal(await page.locator("[data-key]").count(), 16);
});

browserTest("a cell opens the details of its shard, with its past", async (browser) => {
  await using server = serveDashboard(world(64));
  const { page } = await browser.open(server.url);
  await grid(page);
  await cell(page, "17/64").click();
  const panel = page.getByRole("complementary", { name: "Shard 17 of 64" });
  await panel.getByText("RESUMED after 41 events were replayed").waitFor();
  await panel.getByText("identifying").waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await panel.count(), 0);
  assert.equal(await page.evaluate("document.activeElement.dataset.key"), "17/64");
});

browserTest("an action is asked for twice: by its button, and by the dialog", async (browser) => {
  const here = world(64, { isCalm: true });
  await using server = serveDashboard(here);
  const { page } = await browser.open(server.url);
  await grid(page);
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Restart cluster 0" }).click();
  await dialog.getByText("none is lost").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  assert.deepEqual(here.acts, []);
  await page.getByRole("button", { name: "Restart cluster 0" }).click();
  await dialog.getByRole("button", { name: "Restart" }).click();
  await page.getByRole("status").getByText("cluster 0 restarts").waitFor();
  assert.deepEqual(here.acts, [{ method: "respawn", clusterId: 0 }]);
});

browserTest(
  "an action that takes long leaves the page free, and says that it is under way",
  async (browser) => {
    const here = world(1_000, { isCalm: true });
    const { promise, resolve } = Promise.withResolvers<void>();
    here.untilDone = promise;
    await using server = serveDashboard(here);
    const { page } = await browser.open(server.url);
    await grid(page);
    await page.getByRole("button", { name: "Restart all clusters" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Restart all" }).click();
    const status = page.getByRole("status");
    await status.getByText("Restart all clusters…").waitFor();
    assert.equal(await page.getByRole("dialog").count(), 0);
    resolve();
    await status.getByText("All clusters restart, one after the other").waitFor();
    assert.equal(await status.getByText("Restart all clusters…").count(), 0);
  },
);

browserTest("what the unit refuses is told in its own words", async (browser) => {
  const here = world(16, { isCalm: true });
  await using server = serveDashboard(here);
  const { page, problems } = await browser.open(server.url);
  await grid(page);
  await page.locator("#reshard input").fill("24");
  await page.getByRole("button", { name: "Reshard…" }).click();
  // Somebody else was faster.
  here.view = { ...here.view, unit: { ...here.view.unit, totalShards: 24 } };
  await page.getByRole("dialog").getByRole("button", { name: "Reshard" }).click();
  await page.getByRole("alert").getByText("Cannot reshard: there are 24 shards already").waitFor();
  // Browsers write every answer of 400 and above to their console.
  assert.match(problems.splice(0).join(), /^Failed to load resource: [^,]*400/);
});

browserTest(
  "a login is asked for where there is a secret, and again after logging out",
  async (browser) => {
    await using server = serveDashboard(world(16), { secret: "open sesame" });
    const { page, problems } = await browser.open(server.url);
    await page.getByLabel("Secret").fill("open barley");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("That is not").waitFor();
    await page.getByLabel("Secret").fill("open sesame");
    await page.keyboard.press("Enter");
    await grid(page);
    await page.reload();
    await grid(page);
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByLabel("Secret").waitFor();
    assert.ok(problems.splice(0).every((problem) => /401/.test(problem)));
  },
);

browserTest("a lost connection is seen at once, and found again by itself", async (browser) => {
  const here = world(16);
  await using server = serveDashboard(here);
  const { page, problems } = await browser.open(server.url);
  await grid(page);
  server.cut(true);
  await page.getByRole("alert").getByText(/Not connected since \d\d:\d\d:\d\d/).waitFor();
  await until(async () => (await page.title()).endsWith("not connected"), LIMIT_MS);
  here.view = { ...here.view, unit: { ...here.view.unit, name: "gate-z" } };
  server.cut(false);
  await page.getByRole("heading", { name: "gate-z" }).waitFor();
  assert.equal(await page.getByText("Not connected since").count(), 0);
  // All that the page needs came with it.
  assert.equal(await page.locator(".chart canvas").count(), 4);
  assert.deepEqual(problems.splice(0).filter((problem) => !/503|ERR_/.test(problem)), []);
});

browserTest("another colour scheme is drawn at once, charts too, and kept", async (browser) => {
  await using server = serveDashboard(world(16));
  const { page } = await browser.open(server.url, { colorScheme: "light" });
  await until(async () => await page.locator(".chart canvas").count() === 4, LIMIT_MS);
  const ground = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
  const light = await ground();
  await page.evaluate("document.querySelectorAll('canvas').forEach((each) => each.id = 'old')");
  await page.getByRole("button", { name: /Colours: auto/ }).click();
  await page.getByRole("button", { name: /Colours: light/ }).click();
  await until(async () => await ground() !== light, LIMIT_MS);
  await until(async () => await page.locator(".chart canvas:not(#old)").count() === 4, LIMIT_MS);
  assert.equal(await page.locator("#old").count(), 0);
  await page.reload();
  await page.getByRole("button", { name: /Colours: dark/ }).waitFor();
  await until(async () => await ground() !== light, LIMIT_MS);
});

browserTest(
  "what processes use is drawn, and of a shard guilds of 2,500, the session's age, the last error",
  async (browser) => {
    const here = world(64);
    const { clusters, shards, unit, atMs } = here.view;
    const figures = { memoryBytes: 214e6, cpuPercent: 12.34, restarts: 3 };
    here.view = {
      ...here.view,
      unit: { ...unit, memoryBytes: 1.26e9, cpuPercent: 4.06 },
      clusters: clusters.map((each) => each.clusterId === 0 ? { ...each, ...figures } : each),
      shards: shards.map((each) =>
        each.shardId === 17 ? { ...each, guilds: 1_234, sessionSinceMs: atMs - 185 * 60_000 } : each
      ),
    };
    await using server = serveDashboard(here);
    const { page } = await browser.open(server.url);
    await grid(page);
    const facts = await text(page, ".vitals .facts");
    assert.match(facts, /Memory\s+1\.3 GB/);
    assert.match(facts, /CPU\s+4\.1 %\s*of a core/);
    const row = page.getByRole("row").filter({ hasText: "cluster 0" });
    const figure = (name: string) => row.locator(`[data-name="${name}"]`).innerText();
    assert.equal(await figure("Memory"), "214 MB");
    assert.equal(await figure("CPU"), "12 %");
    assert.equal(await figure("Restarts"), "3");
    await cell(page, "17/64").click();
    const panel = await page.getByRole("complementary").innerText();
    assert.match(panel, /Guilds\s+1,234\s*of 2,500/);
    assert.match(panel, /Session\s+3 h 5 min\s*old/);
    assert.match(panel, /Last error\s+4\d s ago: Discord closed the connection with 4009/);
  },
);

for (const colorScheme of ["light", "dark"] as const) {
  for (const shards of [64, 1_000]) {
    browserTest(
      `${shards} shards: each kind of state has a ground of its own, ${colorScheme}`,
      async (browser) => {
        const here = world(shards, { isCalm: true });
        const states = ["ready", "resuming", "backing off", "stopped"] as const;
        here.view = {
          ...here.view,
          shards: here.view.shards.map((each) => ({
            ...each,
            state: states[each.shardId] ?? "ready",
            guilds: 1_200,
          })),
        };
        await using server = serveDashboard(here);
        const { page } = await browser.open(server.url, { colorScheme });
        await grid(page);
        const grounds = await page.evaluate(`[0, 1, 2, 3].map((id) => {
          const cell = document.querySelector('[data-key="' + id + '/${shards}"]');
          // Of a tile it is the mark that has the colour, of a cell all of it.
          return getComputedStyle(cell.querySelector(".mark") ?? cell).backgroundColor;
        })`) as string[];
        assert.equal(new Set(grounds).size, states.length, grounds.join("\n"));
      },
    );
  }
}
