import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { browserTest, type OpenBrowser } from "../../support/dashboard/browser.ts";
import { startDemo, type UnitProcess } from "../../support/unit_process.ts";

const SECRET = "a-secret-of-sixteen";

interface Opened {
  readonly unit: UnitProcess;
  readonly page: Page;
  readonly problems: string[];
}

/** A test before the page of a real unit, of four shards, that somebody has logged in at. */
function unitTest(name: string, test: (opened: Opened) => Promise<void>): void {
  browserTest(name, async (browser) => {
    const settings = { TOTAL_SHARDS: "4", LISTEN_PORT: "0", REST_AUTHORIZATION: SECRET };
    const unit = await startDemo(settings);
    try {
      await unit.ready();
      await test(await logIn(browser, unit));
    } finally {
      await unit.end("SIGTERM");
    }
  });
}

async function logIn(browser: OpenBrowser, unit: UnitProcess): Promise<Opened> {
  const { page, problems } = await browser.open(`${await unit.url()}/dashboard`);
  await page.getByLabel("Secret").fill(SECRET);
  await page.keyboard.press("Enter");
  await page.locator('[data-key="2/4"]').getByText("ready").waitFor();
  await page.locator("#clusters").getByText("connected").waitFor();
  // The answer before the login, which a browser writes to its console.
  assert.match(problems.splice(0).join(), /^[^,]*401[^,]*$/);
  return { unit, page, problems };
}

/** Presses a button, and what the dialog asks back; resolves when the page says that it is done. */
async function act(page: Page, button: string, yes: string, done: string): Promise<void> {
  await page.getByRole("button", { name: button, exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: yes, exact: true }).click();
  await page.getByRole("status").getByText(done, { exact: true }).waitFor();
}

/** What the log says of what was asked for at the page: each once, from where, and by which login. */
function audited({ lines }: UnitProcess): unknown[] {
  const [login] = lines.filter(({ message }) => message === "dashboard login");
  const said = lines.filter(({ message }) => message.startsWith("dashboard action"));
  return said.map(({ level, message, fields: { from, by, ...asked } }) => {
    assert.deepEqual([level, message], ["INFO", "dashboard action"]);
    assert.deepEqual([from, by], ["127.0.0.1", login!.fields["session"]]);
    return asked;
  });
}

unitTest("a real unit: look, reconnect a shard, restart a cluster, drain", async (opened) => {
  const { unit, page, problems } = opened;
  await page.locator('[data-key="2/4"]').click();
  const panel = page.getByRole("complementary", { name: "Shard 2 of 4" });
  await panel.getByText("IDENTIFY sent, waiting for READY").waitFor();
  await act(page, "Reconnect", "Reconnect", "Shard 2 reconnects");
  await panel.getByText("RESUME sent, waiting for RESUMED").waitFor();
  await page.keyboard.press("Escape");

  await act(page, "Restart cluster 0", "Restart", "cluster 0 restarts");
  await page.locator("#incidents").getByText(/restarts cluster 0/).waitFor();
  await page.locator("#clusters").getByText("connected").waitFor();

  await act(page, "Drain…", "Drain and stop", "The unit drains and stops");
  assert.equal(await unit.exited, 0);
  await page.getByRole("alert").getByText("Not connected since").waitFor();
  assert.deepEqual(audited(unit), [
    { method: "reconnect", shardId: 2, session: "keep" },
    { method: "respawn", clusterId: 0 },
    { method: "drain" },
  ]);
  // Refused connections are what a browser writes to its console.
  assert.ok(problems.splice(0).every((problem) => /ERR_/.test(problem)));
});

unitTest("a real unit: stop a cluster, start it, restart a worker", async ({ unit, page }) => {
  const clusters = page.locator("#clusters");
  await act(page, "Stop cluster 0", "Stop", "cluster 0 was stopped");
  await clusters.getByText("stopped", { exact: true }).waitFor();
  await page.locator("#incidents").getByText("Cluster 0 is stopped").waitFor();
  assert.equal((await (await fetch(`${await unit.url()}/readyz`)).json()).ready, false);
  await act(page, "Start cluster 0", "Start", "cluster 0 starts");
  await clusters.getByText("connected").waitFor();
  await unit.ready();

  await act(page, "Restart worker 0", "Restart", "Worker 0 restarts");
  await page.locator("#workers").getByText("1 restart").waitFor();
  await page.locator('[data-key="2/4"]').getByText("ready").waitFor();
  assert.deepEqual(audited(unit), [
    { method: "kill", clusterId: 0 },
    { method: "spawn", clusterId: 0 },
    { method: "restartWorker", workerId: 0 },
  ]);
});

unitTest("a real unit: begin a reshard, pause, resume and cancel it", async ({ unit, page }) => {
  const reshard = page.locator("#reshard");
  await reshard.getByLabel("Move to").fill("16");
  await act(page, "Reshard…", "Reshard", "The move to 16 shards has begun");
  await reshard.getByText("4 → 16 shards").waitFor();
  await page.getByRole("grid", { name: "Shards Of 16" }).waitFor();
  await act(page, "Pause", "Pause", "The reshard is paused");
  await reshard.getByText("paused", { exact: true }).waitFor();
  await act(page, "Resume", "Resume", "The reshard goes on");
  await reshard.getByText("running", { exact: true }).waitFor();
  await act(page, "Cancel…", "Cancel the reshard", "The reshard is being cancelled");
  await reshard.getByText("cancelled", { exact: true }).waitFor({ timeout: 60_000 });
  await page.getByRole("grid", { name: "Shards", exact: true }).waitFor();
  assert.deepEqual(await page.locator("[data-key]").count(), 4);
  assert.deepEqual(audited(unit), [
    { method: "reshard", totalShards: 16 },
    { method: "pauseReshard" },
    { method: "resumeReshard" },
    { method: "cancelReshard" },
  ]);
});

browserTest("a browser that comes to / is led to the dashboard", async (browser) => {
  const unit = await startDemo({ LISTEN_PORT: "0" });
  try {
    const { page } = await browser.open(await unit.url());
    await page.locator("[data-key]").first().waitFor();
    assert.equal(new URL(page.url()).pathname, "/dashboard");
    await page.getByText("simulator").waitFor();
  } finally {
    await unit.end("SIGTERM");
  }
});
