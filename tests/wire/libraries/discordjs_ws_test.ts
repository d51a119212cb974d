import { expectations } from "../../support/libraries/expectations.ts";
import { LACKS_NODE, npmBot } from "../../support/libraries/npm.ts";

expectations({
  name: "@discordjs/ws 2",
  lacks: LACKS_NODE,
  bot: () => npmBot("discordjs_ws.cjs"),
});
