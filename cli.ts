/**
 * The command line, from any folder: settings, `.env`, state and the bot are those of the folder that it is
 * run in.
 *
 * ```sh
 * deno run --allow-env --allow-read=.env --allow-run /path/to/gatehouse/cli.ts start ./bot.ts
 * ```
 *
 * It works out the least that the subcommand needs by these settings, and runs it as another process of Deno
 * with that and nothing else. So it needs little itself: all variables, `.env`, and to run Deno.
 *
 * @module
 */

import { launch } from "./app/launcher/launch.ts";

if (import.meta.main) Deno.exit(await launch(Deno.args));
