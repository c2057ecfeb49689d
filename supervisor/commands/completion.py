"""``completion``: a script that completes verbs, for bash, zsh and fish."""

import argparse
from collections.abc import Callable

from supervisor.commands.parser import VERBS

_BASH = """_wakeline() {{
    [ "$COMP_CWORD" -eq 1 ] && COMPREPLY=($(compgen -W "{verbs}" -- "${{COMP_WORDS[1]}}"))
}}
complete -F _wakeline wakeline"""
_ZSH = """#compdef wakeline
_wakeline() {{ (( CURRENT == 2 )) && compadd {verbs} }}
compdef _wakeline wakeline"""


def add_completion(parser: argparse.ArgumentParser) -> Callable[[argparse.Namespace], int]:
    """``completion bash|zsh|fish``."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))
    return _completion


def _completion(options: argparse.Namespace) -> int:
    if options.shell == "fish":
        for verb, (_, line) in VERBS.items():
            print(
                f"complete -c wakeline -n __fish_use_subcommand -f -a {verb} -d '{line.replace(chr(39), '')}'"
            )
        return 0
    form = _BASH if options.shell == "bash" else _ZSH
    print(form.format(verbs=" ".join(VERBS)))
    return 0
