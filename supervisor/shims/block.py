"""The block for each shell, without its marks.

What all of them do: leave everything alone that is no conversation at a terminal, and every function
that the user has under that name; and start the real program when Wakeline is not there. An alias
that only names the program's file is followed, because some installers set one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from supervisor.core.errors import WrongUse
from supervisor.shims.known import Program

#: What no shell gives a meaning, in a name or in quotes.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*|--?[A-Za-z0-9][A-Za-z0-9-]*")

#: Where a line for each program stands.
_HERE: Final = "@PROGRAMS@"
_ABOUT: Final = """\
# Starts these agents in terminals that Wakeline keeps, so that closing a window does not end them.
# The real program: command NAME. To take this out again: wakeline hooks remove"""

_BASH: Final = r"""
if [[ $- == *i* ]]; then
  function wakeline_host {
    local verbs=$1 options=$2 program=$3 plain= word began=$SECONDS code
    shift 3
    if [[ ! -t 0 || ! -t 1 || -n ${WAKELINE_TERMINAL-} ]]; then plain=1; fi
    if [[ ${1-} != *' '* && $verbs == *" ${1:--} "* ]]; then plain=1; fi
    for word in "$@"; do
      if [[ $word == -- ]]; then break; fi
      if [[ $word != *' '* && $options == *" $word "* ]]; then plain=1; fi
    done
    if [[ -n $plain ]] || ! type -P wakeline >/dev/null || ! type -P "$program" >/dev/null; then
      command "$program" "$@"
      return
    fi
    command wakeline run -- "$program" "$@"
    code=$?
    # It is there and cannot be started.
    if [[ $code == 12[67] && $((SECONDS - began)) -lt 3 ]]; then command "$program" "$@"; return; fi
    return "$code"
  }
  function wakeline_shim {
    local program=$1 alias=${BASH_ALIASES[$1]-}
    if declare -F "$1" >/dev/null && [[ ${wakeline_shims-} != *" $1 "* ]]; then return; fi
    if [[ $alias == */"$1" && $alias != *[!A-Za-z0-9_./~-]* ]]; then
      unalias "$1"
      program=${alias/#\~/$HOME}
    fi
    printf -v program %q "$program"
    eval "function $1 { wakeline_host '$2' '$3' $program \"\$@\"; }"
    wakeline_shims="${wakeline_shims-} $1 "
  }
@PROGRAMS@
fi"""

_ZSH: Final = r"""
if [[ -o interactive ]]; then
  function wakeline_host {
    emulate -L zsh
    local verbs=$1 options=$2 program=$3 plain= word code
    integer began=$SECONDS
    shift 3
    if [[ ! -t 0 || ! -t 1 || -n ${WAKELINE_TERMINAL-} ]]; then plain=1; fi
    if [[ ${1-} != *' '* && $verbs == *" ${1:--} "* ]]; then plain=1; fi
    for word in "$@"; do
      if [[ $word == -- ]]; then break; fi
      if [[ $word != *' '* && $options == *" $word "* ]]; then plain=1; fi
    done
    if [[ -n $plain ]] || ! whence -p wakeline >/dev/null || ! whence -p "$program" >/dev/null; then
      command "$program" "$@"
      return
    fi
    command wakeline run -- "$program" "$@"
    code=$?
    # It is there and cannot be started.
    if [[ $code == 12[67] && $((SECONDS - began)) -lt 3 ]]; then command "$program" "$@"; return; fi
    return $code
  }
  function wakeline_shim {
    emulate -L zsh
    local program=$1 alias=${aliases[$1]-}
    if [[ -n ${functions[$1]-} && $functions[$1] != *wakeline_host* ]]; then return; fi
    if [[ $alias == */$1 && $alias != *[^A-Za-z0-9_./~-]* ]]; then
      unalias $1
      program=${alias/#\~/$HOME}
    fi
    functions[$1]="wakeline_host '$2' '$3' ${(q)program} \"\$@\""
  }
@PROGRAMS@
fi"""

_FISH: Final = r"""
if status is-interactive
    function wakeline_host
        set -l verbs (string split ' ' -- $argv[1])
        set -l options (string split ' ' -- $argv[2])
        set -l program $argv[3]
        set -e argv[1..3]
        set -l plain
        if not test -t 0; or not test -t 1; or set -q WAKELINE_TERMINAL
            set plain 1
        else if set -q argv[1]; and contains -- $argv[1] $verbs
            set plain 1
        end
        for word in $argv
            test "$word" = --; and break
            contains -- $word $options; and set plain 1
        end
        if set -q plain[1]; or not command -sq wakeline; or not command -sq $program
            command $program $argv
            return
        end
        set -l began (date +%s)
        command wakeline run -- $program $argv
        set -l code $status
        # It is there and cannot be started.
        if contains -- $code 126 127; and test (math (date +%s) - $began) -lt 3
            command $program $argv
            return
        end
        return $code
    end
    function wakeline_shim
        set -l name $argv[1]
        set -l program $name
        if functions -q $name; and not functions $name | string match -q '*wakeline_host*'
            set program (functions $name |
                string replace -rf ".*--description 'alias "$name"[= ]([A-Za-z0-9_./~-]*/"$name")'.*" '$1')
            test -n "$program"; or return
            set program (string replace -r '^~' $HOME -- $program)
        end
        eval "function $name; wakeline_host '$argv[2]' '$argv[3]' "(string escape -- $program)" \$argv; end"
    end
@PROGRAMS@
end"""

_POWERSHELL: Final = r"""
if ($IsLinux -or $IsMacOS) {
  function global:Invoke-WakelineHost($verbs, $options, $program, $words, $lines, $piped) {
    $real = Get-Command $program -CommandType Application, ExternalScript -ErrorAction SilentlyContinue |
      Select-Object -First 1
    if (-not $real) { throw "$program is not installed" }
    $plain = $piped -or [Console]::IsInputRedirected -or [Console]::IsOutputRedirected -or
      $env:WAKELINE_TERMINAL -or ($words.Count -gt 0 -and $verbs -ccontains $words[0])
    foreach ($word in $words) {
      if ($word -ceq '--') { break }
      if ($options -ccontains $word) { $plain = $true }
    }
    if (-not (Get-Command wakeline -CommandType Application -ErrorAction SilentlyContinue)) { $plain = $true }
    if ($piped) { $lines | & $real @words }
    elseif ($plain) { & $real @words }
    else { & wakeline run '--' $program @words }
  }
@PROGRAMS@
}"""


def _posix(form: str) -> Callable[[Sequence[Program]], str]:
    def write(programs: Sequence[Program]) -> str:
        lines = (
            f"  wakeline_shim {p.name} ' {' '.join(p.verbs)} ' ' {' '.join(p.options)} '"
            for p in _checked(programs)
        )
        return _ABOUT + form.replace(_HERE, "\n".join(lines))

    return write


def _fish(programs: Sequence[Program]) -> str:
    lines = (
        f"    wakeline_shim {p.name} '{' '.join(p.verbs)}' '{' '.join(p.options)}'"
        for p in _checked(programs)
    )
    return _ABOUT + _FISH.replace(_HERE, "\n".join(lines))


def _powershell(programs: Sequence[Program]) -> str:
    about = _ABOUT.replace("command NAME", "(Get-Command NAME -CommandType Application)")
    return about + _POWERSHELL.replace(_HERE, "\n".join(map(_powershell_function, _checked(programs))))


def _powershell_function(program: Program) -> str:
    name, errands = program.name, f"{_array(program.verbs)} {_array(program.options)}"
    return (
        f"  if (-not (Test-Path Function:{name}) -or (Get-Content Function:{name}) -match 'Wakeline') {{\n"
        f"    function global:{name} {{\n      Invoke-WakelineHost {errands} '{name}'"
        " $args $input $MyInvocation.ExpectingInput\n    }\n  }"
    )


def _array(words: Sequence[str]) -> str:
    return "@(" + ", ".join(f"'{word}'" for word in words) + ")"


def _checked(programs: Sequence[Program]) -> Sequence[Program]:
    for program in programs:
        for word in (program.name, *program.verbs, *program.options):
            if not _PLAIN.fullmatch(word) or program.name.startswith("-"):
                raise WrongUse(f"{word!r} cannot stand in a shell's file.", "Use plain names and options.")
    return programs


WRITERS: Final[Mapping[str, Callable[[Sequence[Program]], str]]] = {
    "bash": _posix(_BASH),
    "zsh": _posix(_ZSH),
    "fish": _fish,
    "powershell": _powershell,
}
