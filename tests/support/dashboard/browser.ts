/**
 * A real browser, where this machine has one. It sees our own pages only. Not a test.
 *
 * @module
 */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import type { BrowserContextOptions, Page } from "playwright-core";
import { CHROMIUM_PATHS } from "../../../tools/chromium_paths.ts";

/** A page, and what went wrong on it. */
export interface OpenPage {
  readonly page: Page;
  /** Errors of scripts, of the console, and what the page's own policy forbade. */
  readonly problems: string[];
}

/** A browser; disposing it ends it. */
export interface OpenBrowser extends AsyncDisposable {
  /** Opens an address in a window of its own. */
  open(url: string, options?: BrowserContextOptions): Promise<OpenPage>;
}

const CHROMIUM = CHROMIUM_PATHS.find((path) => isThere(path));

/** A test in the browser; without one it is skipped, and that is said. Problems of a page fail it. */
export function browserTest(name: string, test: (browser: OpenBrowser) => Promise<void>): void {
  if (CHROMIUM === undefined) return Deno.test.ignore(`${name} (no chromium)`, () => {});
  Deno.test(name, async () => {
    const opened: OpenPage[] = [];
    await using browser = await openBrowser(CHROMIUM, opened);
    const problems = () => opened.flatMap(({ problems }) => problems);
    try {
      await test(browser);
    } catch (error) {
      // What the page itself says may be why.
      console.log(problems().join("\n"));
      throw error;
    }
    assert.deepEqual(problems(), []);
  });
}

function isThere(path: string): boolean {
  try {
    return existsSync(path);
  } catch {
    // It may not be read, then it may not be run either.
    return false;
  }
}

/** Longer than anything takes, on a computer that has much to do. */
const PATIENCE_MS = 20_000;

/** What a page says of itself to who watches it. */
const WATCH = `addEventListener("securitypolicyviolation", (event) =>
  console.error("forbidden by the policy:", event.violatedDirective, event.blockedURI, event.sample))`;

async function openBrowser(program: string, opened: OpenPage[]): Promise<OpenBrowser> {
  const { chromium } = await loadPlaywright();
  const folder = await Deno.makeTempDir({ prefix: "gatehouse-browser-" });
  const child = new Deno.Command(program, {
    // Our own pages need no sandbox, and root gets none.
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--remote-debugging-port=0",
      `--user-data-dir=${folder}`,
      "about:blank",
    ],
    env: { HOME: folder },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const { address, reading } = await addressOf(child);
  const browser = await chromium.connectOverCDP(address);
  return {
    async open(url, options = {}) {
      const context = await browser.newContext(options);
      context.setDefaultTimeout(PATIENCE_MS);
      await context.addInitScript(WATCH);
      const page = await context.newPage();
      const problems: string[] = [];
      page.on("pageerror", (error) => problems.push(error.stack ?? error.message));
      page.on("console", (line) => line.type() === "error" && problems.push(line.text()));
      opened.push({ page, problems });
      await page.goto(url);
      return { page, problems };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      child.kill("SIGKILL");
      await child.status;
      await reading;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** The library asks at once whether this is Windows, in places that nobody may read; not where it tests itself. */
async function loadPlaywright() {
  Deno.env.set("__IS_WSL_TEST__", "1");
  return await import("playwright-core");
}

/** Where it listens, as it says by itself; what it says later is read and thrown away. */
async function addressOf(child: Deno.ChildProcess) {
  const lines = child.stderr.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  let said = "";
  for (;;) {
    const { done, value } = await lines.next();
    if (done) throw new Error(`Chromium ended: ${said}`);
    said += value;
    const [, address] = /DevTools listening on (ws:\S+)/.exec(said) ?? [];
    if (address === undefined) continue;
    const reading = (async () => {
      while (!(await lines.next()).done);
    })();
    return { address, reading };
  }
}
