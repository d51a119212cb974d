import { expectations } from "../../support/libraries/expectations.ts";
import { LACKS_NODE, npmBot } from "../../support/libraries/npm.ts";

expectations({
  name: "Oceanic 1.15",
  lacks: LACKS_NODE,
  bot: () => npmBot("oceanic_bot.cjs"),
});
