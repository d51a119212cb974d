import { expectations } from "../../support/libraries/expectations.ts";
import { LIBRARIES } from "../../support/libraries/installed.ts";
import { LACKS_NODE, npmBot } from "../../support/libraries/npm.ts";
import { TEST_CA } from "../../support/test_certificate.ts";

/** Whom its Node trusts. */
const CA_FILE = `${LIBRARIES}/test_ca.pem`;

expectations({
  name: "seyfert 5.1",
  lacks: LACKS_NODE,
  async bot() {
    const bot = await npmBot("seyfert_bot.cjs", { NODE_EXTRA_CA_CERTS: CA_FILE });
    await Deno.writeTextFile(CA_FILE, TEST_CA);
    return bot;
  },
  stage: { isBehindTls: true },
});
