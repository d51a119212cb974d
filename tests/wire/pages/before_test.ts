/** docs/quickstart/README.md, typed on a terminal by somebody who has nothing but a clone. */

import assert from "node:assert/strict";
import { LACKS_NEWCOMER, newcomer } from "../../support/newcomer.ts";
import { readPage, typist } from "../../support/pages.ts";

const PAGE = readPage("docs/quickstart/README.md");

Deno.test({
  name: "what every quick start begins with gives `gatehouse`, and a demo that is looked at",
  ignore: LACKS_NEWCOMER !== null,
  async fn() {
    await using somebody = await newcomer();
    const { of, untyped } = typist(PAGE);
    // It has no address here: the clone is there already.
    of("git clone <the address of this repository> ~/gatehouse");
    const gatehouse = of(PAGE.commands.find((line) => line.startsWith("gatehouse() {"))!);
    const [first, second] = [await somebody.terminal(), await somebody.terminal()];
    for (const terminal of [first, second]) await terminal.run(gatehouse);
    assert.match(await first.run(of("gatehouse --version")), /^gatehouse \d+\.\d+\.\d+ /m);
    await first.start(of("gatehouse demo"));
    await first.says(/4 shards ready/);
    await first.says(/answered a message/);
    const dashboard = await fetch("http://127.0.0.1:8787/dashboard");
    assert.match(await dashboard.text(), /<title>/);
    assert.match(await second.run(of("gatehouse status")), /ready/);
    await second.start(of("gatehouse top"));
    await second.says(/cluster/i);
    assert.equal(await second.interrupt(), 0);
    assert.equal(await first.interrupt(), 0);
    assert.match(await first.run(of("gatehouse doctor")), / 0 failed, /);
    assert.deepEqual(untyped(), []);
  },
});
