"""The ``wakeline`` command, and the one funnel for everything that goes wrong in it."""

import os
import sys
from collections.abc import Sequence

from supervisor.core.errors import WakelineError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the answer is its exit code (see ``core.errors``)."""
    try:
        return _run(sys.argv[1:] if arguments is None else arguments)
    except WakelineError as trouble:
        print(f"wakeline: {trouble.title}", file=sys.stderr)
        if trouble.hint:
            print(trouble.hint, file=sys.stderr)
        return trouble.exit_code
    except BrokenPipeError:
        # The reader of a pipe has seen enough; what is left must not be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _run(arguments: Sequence[str]) -> int:
    if arguments == ["nursery"]:
        # No verb: ``run`` starts it, and it is to load nothing that holders do not need.
        from supervisor.terminal import nursery

        return nursery()
    if arguments[:1] == ["hook"]:
        # Nor is this: agents start it at every question, and wait for its start.
        from supervisor.hook import main as hook

        return hook(list(arguments[1:]))
    if arguments[:1] == ["painter"]:
        # Nor is this: the supervisor starts it, for those who look at a terminal.
        from supervisor.terminal.view import paint

        return paint(arguments[1:])
    if arguments in (["serve"], ["serve", "--quiet"]):
        # A verb, and the one that stays: what reads arguments would stay with it.
        from supervisor.app import serve

        return serve(quiet=len(arguments) > 1)
    from supervisor.commands.parser import run

    try:
        return run(arguments)
    except SystemExit as done:  # how argparse ends after --help
        return int(done.code or 0)
    finally:
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
