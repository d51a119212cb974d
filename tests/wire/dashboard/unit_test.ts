import assert from "node:assert/strict";
import { browserTest } from "../../support/dashboard/browser.ts";
import { startDemo } from "../../support/unit_process.ts";

const SECRET = "a-secret-of-sixteen";

browserTest(
  "a real unit: log in, look, reconnect a shard, restart a cluster, drain",
  async (browser) => {
    const settings = { TOTAL_SHARDS: "4", LISTEN_PORT: "0", REST_AUTHORIZATION: SECRET };
    const unit = await startDemo(settings);
    try {
      await unit.ready();
      const { page, problems } = await browser.open(`${await unit.url()}/dashboard`);
      await page.getByLabel("Secret").fill(SECRET);
      await page.keyboard.press("Enter");
      const cell = page.locator('[data-key="2/4"]');
      await cell.getByText("ready").waitFor();
      await page.locator("#clusters").getByText("connected").waitFor();

      await cell.click();
      const panel = page.getByRole("complementary", { name: "Shard 2 of 4" });
      await panel.getByText("IDENTIFY sent, waiting for READY").waitFor();
      await panel.getByRole("button", { name: "Reconnect", exact: true }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("button", { name: "Reconnect" }).click();
      await page.getByText("Shard 2 reconnects").waitFor();
      await panel.getByText("RESUME sent, waiting for RESUMED").waitFor();
      await page.keyboard.press("Escape");

      await page.getByRole("button", { name: "Restart cluster 0" }).click();
      await dialog.getByRole("button", { name: "Restart" }).click();
      await page.locator("#incidents").getByText(/restarts cluster 0/).waitFor();
      await page.locator("#clusters").getByText("connected").waitFor();

      await page.getByRole("button", { name: "Drain…" }).click();
      await dialog.getByRole("button", { name: "Drain and stop" }).click();
      await page.getByText("The unit drains and stops").waitFor();
      assert.equal(await unit.exited, 0);
      await page.getByRole("alert").getByText("Not connected since").waitFor();
      const said = unit.lines.filter(({ message }) => message === "dashboard action");
      assert.deepEqual(said.map(({ fields }) => fields.method), ["reconnect", "respawn", "drain"]);
      // 401 before the login, and refused connections afterwards, are what a browser writes to its console.
      assert.ok(problems.splice(0).every((problem) => /401|ERR_/.test(problem)));
    } finally {
      await unit.end("SIGTERM");
    }
  },
);

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
