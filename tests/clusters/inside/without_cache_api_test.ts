import assert from "node:assert/strict";
import { withoutCacheApi } from "../../../clusters/inside/without_cache_api.ts";

Deno.test("withoutCacheApi() leaves a global scope in which nobody finds the Cache API", () => {
  const { caches } = globalThis;
  withoutCacheApi();
  assert.equal(typeof (globalThis as { caches?: unknown }).caches, "undefined");
  Object.defineProperty(globalThis, "caches", { value: caches, configurable: true });
});
