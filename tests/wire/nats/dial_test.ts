import assert from "node:assert/strict";
import { dialNats } from "../../../ports/nats/dial.ts";
import { ofEachNats, startNats } from "../../support/nats_server.ts";
import { operated } from "./credentials.ts";
import { openUpLine, settingsFor } from "./lines.ts";

const US = { name: "a", inbox: "inbox" };

ofEachNats("dialNats()", (program, title) => {
  Deno.test(`${title} is let in by credentials, which are read anew each time`, async () => {
    const { config, credentials } = operated();
    await using server = await startNats(program, config);
    const natsCredentials = await Deno.makeTempFile({ suffix: ".creds" });
    const settings = { ...settingsFor(server.url), natsCredentials };
    await assert.rejects(dialNats(settings, server.url, US));
    await Deno.writeTextFile(natsCredentials, credentials);
    const { line } = await openUpLine(settings);
    assert.notEqual(await line.keys.put("unit.a", 1), null);
    await line.close();
    await Deno.remove(natsCredentials);
    await assert.rejects(dialNats(settings, server.url, US), /No such file/);
  });

  Deno.test(`${title} is let in by user and password, or by a token`, async () => {
    for (
      const [config, secrets] of [
        ["authorization { user: gate, password: house }", {
          natsUser: "gate",
          natsPassword: "house",
        }],
        ["authorization { token: gatehouse }", { natsToken: "gatehouse" }],
      ] as const
    ) {
      await using server = await startNats(program, config);
      const settings = settingsFor(server.url);
      await assert.rejects(dialNats(settings, server.url, US), /Authorization Violation/);
      const connection = await dialNats({ ...settings, ...secrets }, server.url, US);
      assert.equal(connection.info?.version, program.version);
      await connection.close();
    }
  });
});
