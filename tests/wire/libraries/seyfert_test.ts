import { expectations } from "../../support/libraries/expectations.ts";
import { TEST_CA } from "../../support/test_certificate.ts";
import { LACKS_NODE, npmBot } from "../../support/libraries/npm.ts";

const NO_GUILDS = "GUILD_CREATE does not come from a cache yet";

const CA_FILE = await Deno.makeTempFile();
await Deno.writeTextFile(CA_FILE, TEST_CA);

expectations({
  name: "seyfert 5.1",
  lacks: LACKS_NODE,
  bot: () => npmBot("seyfert_bot.cjs", { NODE_EXTRA_CA_CERTS: CA_FILE }),
  stage: { isBehindTls: true },
  except: {
    "gets each message once and every guild again, though it is stopped and started itself":
      NO_GUILDS,
    "misses nothing and gets every guild again, though it dies and is started itself": NO_GUILDS,
  },
});
