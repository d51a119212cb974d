import assert from "node:assert/strict";
import { unitUrl } from "../../config/unit_url.ts";

const ADDRESSES: Readonly<Record<string, string | null>> = {
  "10.0.0.7:80": "http://10.0.0.7/",
  "localhost:8787": "http://localhost:8787/",
  "https://bots.example/": "https://bots.example/",
  "HTTP://[::1]:8787": "http://[::1]:8787/",
  "https://bots.example/mine/": "https://bots.example/mine",
  "http://10.0.0.7:8787/dashboard?sort=state#3": "http://10.0.0.7:8787/",
  "https://bots.example/mine/dashboard/": "https://bots.example/mine",
  "https://bots.example/dashboards": "https://bots.example/dashboards",
  "ws://10.0.0.7:8787/gateway": null,
  "ftp://x": null,
  "file:///etc/passwd": null,
  "127.0.0.1:99999": null,
  "http://": null,
  "": null,
};

for (const [text, url] of Object.entries(ADDRESSES)) {
  Deno.test(`unitUrl() takes "${text}" for ${url ?? "none"}`, () => {
    assert.equal(unitUrl(text)?.href ?? null, url);
  });
}
