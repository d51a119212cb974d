/** The server of docs/fleet.md: no subject more than it says there, and no word in the clear. */

import assert from "node:assert/strict";
import type { NatsSettings } from "../../../ports/nats/dial.ts";
import { testBus } from "../../ports/fleet/bus_conformance.ts";
import { testKeys } from "../../ports/fleet/keys_conformance.ts";
import { type NatsProgram, ofEachNats, startNats, until } from "../../support/nats_server.ts";
import { ELSEWHERE, TEST_CA, TEST_CERTIFICATE, TEST_KEY } from "../../support/test_certificate.ts";
import { BOT, openLine, openPair, openUpLine, settingsFor } from "./lines.ts";

const DOC = await Deno.readTextFile("docs/fleet.md");
const [, CONFIG] = /```\n(authorization[\s\S]*?)```/.exec(DOC)!;

const folder = await Deno.makeTempDir({ prefix: "gatehouse-nats-tls-" });
const files = { ca: `${folder}/ca.pem`, cert: `${folder}/server.pem`, key: `${folder}/server.key` };
await Deno.writeTextFile(files.ca, TEST_CA);
await Deno.writeTextFile(files.cert, TEST_CERTIFICATE);
await Deno.writeTextFile(files.key, TEST_KEY);
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const config = CONFIG!
  .replace("/etc/nats/server.pem", files.cert)
  .replace("/etc/nats/server.key", files.key);

function settings(url: string): NatsSettings {
  return {
    ...settingsFor(url.replace("nats://", "tls://")),
    natsUser: "gatehouse",
    natsPassword: "change me",
    natsTlsCa: files.ca,
  };
}

const open = (program: NatsProgram) => openPair(program, config, ({ url }) => settings(url));

ofEachNats("docs/fleet.md's server, NATS", (program, title) => {
  testBus(`${title}, its bus`, async () => {
    const { here, there, ...stage } = await open(program);
    return { here: here.bus, there: there.bus, ...stage };
  });

  testKeys(`${title}, its keys`, async () => {
    const { here, there, settle, end } = await open(program);
    return { here: here.keys, there: there.keys, settle, run: (promise) => promise, end };
  });

  Deno.test(`${title} keeps events`, async () => {
    await using server = await startNats(program, config);
    const { line } = await openUpLine(settings(server.url));
    const shard = { id: 1, total: 2 };
    const body = new TextEncoder().encode("[]");
    assert.equal(await line.events.last(shard), null);
    const revision = await line.events.append(shard, { cursor: 5, numbering: "n", body }, 0);
    assert.deepEqual(await line.events.last(shard), { revision, cursor: 5, numbering: "n" });
    await line.close();
  });

  Deno.test(`${title} is believed by its name, and only by that`, async () => {
    await using server = await startNats(program, config);
    const byName = settings(`tls://localhost:${server.port}`);
    const { line } = await openUpLine(byName);
    await line.close();
    await Deno.writeTextFile(`${folder}/elsewhere.pem`, ELSEWHERE.certificate);
    await Deno.writeTextFile(`${folder}/elsewhere.key`, ELSEWHERE.key);
    const natsTlsCa = `${folder}/elsewhere-ca.pem`;
    await Deno.writeTextFile(natsTlsCa, ELSEWHERE.ca);
    await using other = await startNats(
      program,
      config.replace(files.cert, `${folder}/elsewhere.pem`).replace(
        files.key,
        `${folder}/elsewhere.key`,
      ),
    );
    for (const host of ["127.0.0.1", "localhost"]) {
      const { line } = await openLine({ ...settings(`tls://${host}:${other.port}`), natsTlsCa });
      await until(() => line.warnings.length > 0);
      assert.match(line.warnings.join(), /NotValidForName|altnames|not valid for/i);
      await line.close();
    }
  });

  Deno.test(`${title} lets in nobody without a password, and no other bot`, async () => {
    await using server = await startNats(program, config);
    const cases: [NatsSettings, RegExp][] = [
      [{ ...settings(server.url), natsPassword: "wrong" }, /Authorization Violation/],
      [{ ...settings(server.url), natsTlsCa: null }, /certificate|issuer/i],
      [{ ...settings(server.url), natsPrefix: "other" }, /keeps nothing/],
    ];
    for (const [wrong, said] of cases) {
      const { line, lines } = await openLine(wrong);
      await until(() => said.test(line.warnings.join()), () => JSON.stringify(lines));
      assert.ok(!line.isUp);
      assert.doesNotMatch(JSON.stringify(lines), /change me|wrong/);
      await line.close();
    }
    assert.match(config, new RegExp(BOT));
  });
});
