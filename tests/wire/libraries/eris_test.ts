import { expectations } from "../../support/libraries/expectations.ts";
import { LACKS_NODE, npmBot } from "../../support/libraries/npm.ts";

expectations({
  name: "Eris 0.18",
  lacks: LACKS_NODE,
  bot: () => npmBot("eris_bot.cjs"),
});
