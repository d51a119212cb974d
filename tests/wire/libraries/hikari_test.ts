import { expectations } from "../../support/libraries/expectations.ts";
import { LACKS_PYTHON, pythonBot } from "../../support/libraries/python.ts";

expectations({
  name: "hikari 2.7",
  lacks: LACKS_PYTHON,
  bot: () => pythonBot("hikari_bot.py"),
});
