import assert from "node:assert/strict";
import type { BrowserContextOptions, Page } from "playwright-core";
import { systemClock } from "../../../ports/clock.ts";
import { browserTest } from "../../support/dashboard/browser.ts";
import { serveDashboard } from "../../support/dashboard/server.ts";
import { World } from "../../support/dashboard/world.ts";

const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};
const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  light: { viewport: { width: 1440, height: 900 }, colorScheme: "light" },
  dark: { viewport: { width: 1440, height: 900 }, colorScheme: "dark" },
  phone: { ...PHONE, colorScheme: "dark" },
  "phone-light": { ...PHONE, colorScheme: "light" },
};

/** Where the pictures are kept: people look at them, the test does not. */
const FOLDER = `${Deno.env.get("TMPDIR") ?? "/tmp"}/gatehouse-screenshots`;

/** What axe-core finds wrong in a part of the page, in its words. */
async function barriers(page: Page, part: string): Promise<string[]> {
  const { default: axe } = await import("axe-core");
  await page.evaluate(axe.source);
  const found = await page.evaluate(`axe.run("${part}", { resultTypes: ["violations"] })`);
  const { violations } = found as {
    violations: { id: string; help: string; nodes: { html: string; failureSummary: string }[] }[];
  };
  return violations.map(({ id, help, nodes: [first, ...others] }) =>
    `${id}: ${help}: ${first?.html} and ${others.length} more: ${first?.failureSummary}`
  );
}

/** Where elements are on the page. */
async function boxes(page: Page, what: string) {
  const found = await Promise.all(
    (await page.locator(what).all()).map((each) => each.boundingBox()),
  );
  return found.filter((box) => box !== null);
}

for (const shards of [1, 64, 1_000]) {
  for (const [name, look] of Object.entries(LOOKS)) {
    browserTest(
      `${shards} shards, ${name}: no barrier, nothing beside the window, a picture`,
      async (browser) => {
        await Deno.mkdir(FOLDER, { recursive: true });
        const world = new World({ shards, nowMs: systemClock.epochMs(), isCalm: shards === 1 });
        await using server = serveDashboard(world);
        const { page } = await browser.open(server.url, look);
        await page.waitForSelector("[data-key]");
        await page.waitForSelector(".chart canvas");
        const take = (what: string, fullPage: boolean) =>
          page.screenshot({ path: `${FOLDER}/${shards}-${name}${what}.png`, fullPage });
        await take("", true);
        assert.deepEqual(await barriers(page, "html"), []);
        const [width, window] = await page.evaluate(
          "[document.documentElement.scrollWidth, innerWidth]",
        ) as [number, number];
        assert.ok(width <= window, `${width} px in a window of ${window}`);
        // What waits is seen without moving the tables to the side.
        for (const { x, width } of await boxes(page, "#rest td:first-of-type")) {
          assert.ok(x + width <= window, `a figure ends at ${x + width} px of ${window}`);
        }
        await page.locator("[data-key]").nth(Math.min(17, shards - 1)).click();
        await page.getByRole("complementary").getByText("READY with").waitFor();
        assert.deepEqual(await barriers(page, "html"), []);
        await take("-shard", false);
        await page.getByRole("button", { name: "New session…" }).click();
        await page.getByRole("dialog").waitFor();
        assert.deepEqual(await barriers(page, "html"), []);
        await take("-dialog", false);
        console.log(`Pictures of ${shards} shards, ${name}: ${FOLDER}/${shards}-${name}*.png`);
      },
    );
  }
}
