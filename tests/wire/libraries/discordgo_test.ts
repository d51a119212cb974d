import { expectations } from "../../support/libraries/expectations.ts";
import { goBot, LACKS_GO } from "../../support/libraries/go.ts";

expectations({
  name: "discordgo 0.29",
  lacks: LACKS_GO,
  bot: () => goBot("discordgo"),
});
