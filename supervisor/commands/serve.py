"""``serve``: the supervisor, here and now."""

import argparse
from collections.abc import Callable


def add_serve(parser: argparse.ArgumentParser) -> Callable[[argparse.Namespace], int]:
    """``serve``."""
    parser.add_argument("--quiet", action="store_true", help="only say what is wrong")
    return _serve


def _serve(options: argparse.Namespace) -> int:
    from supervisor.app import serve

    return serve(quiet=options.quiet)
