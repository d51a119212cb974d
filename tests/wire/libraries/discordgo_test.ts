import { expectations } from "../../support/libraries/expectations.ts";
import { goBot, LACKS_GO } from "../../support/libraries/go.ts";

expectations({
  name: "discordgo 0.29",
  lacks: LACKS_GO,
  bot: () => goBot("discordgo"),
  except: {
    "gets members that it asks for": "the simulator refuses a list of guilds, which Discord takes",
  },
});
