/**
 * How the program ends, for scripts and supervisors: the one table. `docs/command-line.md` has it, too.
 *
 * @module
 */

/** Exit codes by name. */
export const EXIT = {
  OK: 0,
  REFUSED: 1,
  USAGE: 2,
  UNREACHABLE: 3,
  DENIED: 4,
  NOT_READY: 5,
  RESTART: 70,
  AT_ONCE: 130,
} as const;

/** One of {@linkcode EXIT}. */
export type ExitCode = typeof EXIT[keyof typeof EXIT];

/** What each says, for a person. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  OK: "all is well; what was to be stopped has stopped in good order",
  REFUSED:
    "it could not be done, and the error output says why: a setting is wrong, Discord does " +
    "not accept the token, the unit refused, a check failed",
  USAGE:
    "it cannot be called so: there is no such subcommand, option or argument, `top` has no terminal, or nothing " +
    "says which address or secret is meant",
  UNREACHABLE: "no unit answers at the address",
  DENIED: "the unit wants another secret",
  NOT_READY: "the unit answers and is not ready (`status --check`)",
  RESTART: "a worker was lost eleven times within 10 minutes; sessions are kept: start it again",
  AT_ONCE:
    "it was interrupted: by a second signal before it had stopped, or by Ctrl-C while it watched",
};

/** Ends a subcommand with a message for the error output and a code. */
export class CliFailure extends Error {
  override readonly name = "CliFailure";
  /** What the program ends with. */
  readonly code: ExitCode;
  /** The same where there is little room. */
  readonly brief: string;

  constructor(code: ExitCode, message: string, brief = message) {
    super(message);
    this.code = code;
    this.brief = brief;
  }
}
