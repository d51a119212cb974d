import { expectations } from "../../support/libraries/expectations.ts";
import { LACKS_NODE, npmBot } from "../../support/libraries/npm.ts";

expectations({
  name: "@discordeno/bot 21",
  lacks: LACKS_NODE,
  bot: () => npmBot("discordeno_bot.cjs"),
});
