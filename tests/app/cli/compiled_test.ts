import assert from "node:assert/strict";
import { clusterFlags } from "../../../app/cli/compiled.ts";

Deno.test("clusterFlags() takes what a unit starts a cluster with, and nothing that a person types", () => {
  const flags = ["--allow-read=/srv/my bot", "--allow-sys"];
  assert.deepEqual(clusterFlags(["cluster", "--", ...flags]), flags);
  assert.deepEqual(clusterFlags(["cluster", "--"]), []);
  for (const args of [["cluster"], ["cluster", "0"], ["start", "--", "cluster"], []]) {
    assert.equal(clusterFlags(args), null, args.join(" "));
  }
});
