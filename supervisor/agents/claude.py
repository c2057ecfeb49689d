"""Claude Code: a registry file for each live process, one file of JSON lines for each conversation.

The registry (``sessions/<PID>.json``) tells who is alive and what it waits for. It goes away with
its process, except when that was killed; what stays behind then names a session to be recovered.
"""

import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from supervisor.agents.base import Concern, History, OpenLines, Process, Processes, Watched
from supervisor.core.model import (
    Entry,
    EntryKind,
    Facts,
    Record,
    Resume,
    Role,
    Run,
    Sighting,
    Sign,
    Transcript,
)

name: Final = "claude"
title: Final = "Claude Code"

from supervisor.agents.base import nothing_to_listen_to as listen

#: A longer text of one entry is cut, in characters.
TEXT_LIMIT: Final = 256 * 1024
#: A registry file has about 700 bytes; a larger one is not what it seems.
REGISTRY_LIMIT: Final = 64 * 1024
#: Ticks in a second, as Linux counts them for everybody who asks in files.
TICKS: Final = 100
#: Longest time from the start of a process to its first word in its file, in seconds.
START_UP: Final = 60.0
#: Seconds that a process may seem to have started after it wrote its file: clocks are set.
CLOCK_SLACK: Final = 5.0

_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_REGISTRATION = re.compile(r"([1-9][0-9]{0,9})\.json")
_JOB = re.compile(r"[0-9a-f]{8}")
_NAMESPACE = re.compile(r"linux:([0-9a-f]*):(pid:\[[0-9]+\])")

_SIGNS: Final = {"idle": Sign.IDLE, "shell": Sign.IDLE, "busy": Sign.WORKING, "waiting": Sign.ASKING}


# -- where things are ------------------------------------------------------------------------------


def home(environment: Mapping[str, str], user_home: Path) -> Path:
    """``CLAUDE_CONFIG_DIR``, else ``~/.claude``."""
    named = environment.get("CLAUDE_CONFIG_DIR")
    return Path(named) if named else user_home / ".claude"


def watched(home: Path) -> Sequence[Watched]:
    """The registry, the conversations by project, and the states of background sessions."""
    return (Watched(home / "sessions"), Watched(home / "projects", 1), Watched(home / "jobs", 1))


def concern(home: Path, changed: Path) -> tuple[Concern, str | None]:
    """What the change of this path means, and the session id where it names one."""
    try:
        parts = changed.relative_to(home).parts
    except ValueError:
        return Concern.NOTHING, None
    match parts:
        case ("sessions",) | ("jobs",) | ("jobs", _) | ("jobs", _, "state.json"):
            return Concern.LIVE, None
        case ("sessions", file) if _REGISTRATION.fullmatch(file):
            return Concern.LIVE, None
        case ("projects",) | ("projects", _):
            return Concern.ALL_TRANSCRIPTS, None
        case ("projects", _, file) if session_id := _session_id_of(file):
            return Concern.TRANSCRIPT, session_id
    return Concern.NOTHING, None


def transcripts(home: Path) -> Iterator[Transcript]:
    """All stored conversations with people. Those of sub-agents are part of theirs."""
    for project in _folders(home / "projects"):
        with suppress(OSError), os.scandir(project) as entries:
            for entry in entries:
                if found := _transcript(entry):
                    yield found


def find(home: Path, session_id: str) -> Transcript | None:
    """The stored conversation of one session; of several copies the one that was changed last."""
    if not _ID.fullmatch(session_id):
        return None
    found = [_stored(project / f"{session_id}.jsonl", session_id) for project in _folders(home / "projects")]
    return max(filter(None, found), key=lambda transcript: transcript.changed_at, default=None)


def open(transcript: Transcript, lines: OpenLines) -> History:  # noqa: A001  the contract names it so
    """Open a stored conversation."""
    return lines(Path(transcript.where), partial(Reading, sidechain=transcript.parent_id is not None))


def resume(session_id: str, cwd: str | None) -> Resume | None:
    """The agent's own command to bring a session back; it works from any folder."""
    if not _ID.fullmatch(session_id):
        return None
    return Resume(argv=("claude", "--resume", session_id), cwd=cwd)


def _folders(parent: Path) -> Iterator[Path]:
    """The real folders in a folder; links could lead anywhere."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield Path(entry.path)


def _session_id_of(file: str) -> str | None:
    """The id in ``<id>.jsonl``, ``None`` for any other file."""
    stem, dot, suffix = file.rpartition(".")
    return stem if dot and suffix == "jsonl" and _ID.fullmatch(stem) else None


def _transcript(entry: os.DirEntry[str]) -> Transcript | None:
    session_id = _session_id_of(entry.name)
    if session_id is None:
        return None
    with suppress(OSError):
        return _described(session_id, entry.path, entry.stat(follow_symlinks=False))
    return None


def _stored(path: Path, session_id: str) -> Transcript | None:
    with suppress(OSError):
        return _described(session_id, str(path), path.lstat())
    return None


def _described(session_id: str, where: str, status: os.stat_result) -> Transcript | None:
    if not stat.S_ISREG(status.st_mode):
        return None
    return Transcript(
        agent=name, session_id=session_id, where=where, changed_at=status.st_mtime, size=status.st_size
    )


def _slug(cwd: str) -> str:
    """The folder below ``projects`` for a working directory; very long ones get a hash of theirs."""
    return re.sub(r"[^A-Za-z0-9]", "-", cwd)


# -- who is alive ----------------------------------------------------------------------------------


def look(home: Path, processes: Processes) -> Sequence[Sighting]:
    """All registered sessions, alive or left behind, and processes that did not register."""
    registrations = _registrations(home / "sessions")
    running = {process.run.pid: process for process in processes.running()}
    registered = [_sighted(home, pid, each, running.get(pid)) for pid, each in registrations.items()]
    strangers = [process for pid, process in running.items() if pid not in registrations]
    unregistered = [_unregistered(home, each, running, processes) for each in strangers]
    return [sighting for sighting in (*registered, *unregistered) if sighting]


#: What each registry file said last. Claude rewrites it in place: who reads half of one must not
#: think that its session is gone. Owner: ``_registrations``.
_last_words: dict[Path, Mapping[str, Any]] = {}


def _registrations(folder: Path) -> dict[int, Mapping[str, Any]]:
    """What the registry says of each PID."""
    found: dict[Path, int] = {}
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if numbered := _REGISTRATION.fullmatch(entry.name):
                found[Path(entry.path)] = int(numbered[1])
    for forgotten in [path for path in _last_words if path.parent == folder and path not in found]:
        del _last_words[forgotten]
    for path, pid in found.items():
        words = _read(path)
        if words is not None and words.get("pid") == pid:
            _last_words[path] = words
    return {pid: _last_words[path] for path, pid in found.items() if path in _last_words}


def _read(path: Path) -> Mapping[str, Any] | None:
    """A small file with one JSON object; ``None`` for anything else."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        opened = os.open(path, flags)
        try:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                return None
            found = json.loads(os.read(opened, REGISTRY_LIMIT))
        finally:
            os.close(opened)
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _sighted(home: Path, pid: int, words: Mapping[str, Any], process: Process | None) -> Sighting | None:
    session_id = _text(words, "sessionId")
    if session_id is None or not _ID.fullmatch(session_id) or _is_elsewhere(_text(words, "pidDomain")):
        return None
    alive = process is not None and _is_same(process, words)
    status, cwd = _text(words, "status"), _text(words, "cwd")
    stored = _stored_at(home, session_id, cwd)
    if not alive and stored is None:
        return None  # nothing was said, nothing is left
    sign = _SIGNS.get(status) if status else None
    return Sighting(
        agent=name,
        session_id=session_id,
        run=process.run if process and alive else _run_of(pid, words),
        alive=alive,
        facts=Facts(agent_version=_text(words, "version"), cwd=cwd),
        name=_text(words, "name"),
        sign=sign,
        waiting_for=_waiting_for(home, words) if sign is Sign.ASKING else None,
        transcript=stored or _expected_at(home, session_id, cwd),
        jobs_running=alive and status == "shell",
        at=_milliseconds(words, "statusUpdatedAt"),
    )


def _waiting_for(home: Path, words: Mapping[str, Any]) -> str | None:
    """What it waits for; a background session tells more of it in the state of its job."""
    job = _text(words, "jobId")
    if job and _JOB.fullmatch(job) and (state := _read(home / "jobs" / job / "state.json")):
        return _text(state, "needs") or _text(words, "waitingFor")
    return _text(words, "waitingFor")


def _stored_at(home: Path, session_id: str, cwd: str | None) -> str | None:
    """Where the conversation is: most often where its folder says, else anywhere."""
    expected = _expected_at(home, session_id, cwd)
    if expected and _stored(Path(expected), session_id):
        return expected
    found = find(home, session_id)
    return found.where if found else None


def _expected_at(home: Path, session_id: str, cwd: str | None) -> str | None:
    """Where the conversation will be: it is written with the first prompt."""
    return str(home / "projects" / _slug(cwd) / f"{session_id}.jsonl") if cwd else None


def _is_elsewhere(domain: str | None) -> bool:
    """Whether a PID is one of another machine or container that shares this home."""
    told = _NAMESPACE.fullmatch(domain) if domain else None
    if told is None:
        return False
    with suppress(OSError, ValueError):
        if told[2] != str(Path("/proc/self/ns/pid").readlink()):
            return True
        machine = Path("/etc/machine-id").read_text(encoding="ascii").strip()
        return bool(machine and told[1] and told[1] != machine)
    return False


def _is_same(process: Process, words: Mapping[str, Any]) -> bool:
    """Whether this process wrote the file, and not a later one with the same PID."""
    told, ticks = _text(words, "procStart"), _start_ticks(process.run.pid)
    if ticks is not None and told and told.isdecimal():
        return ticks == int(told)
    started_at = _milliseconds(words, "startedAt")
    return started_at is None or process.run.started_at <= started_at + CLOCK_SLACK


def _start_ticks(pid: int) -> int | None:
    """When a process started, in ticks since boot, where the system says it in a file: proc(5)."""
    with suppress(OSError, ValueError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return int(fields[19])
    return None


def _run_of(pid: int, words: Mapping[str, Any]) -> Run:
    """The process that wrote the file, by the file alone: as exact as psutil where that is possible."""
    told, booted_at = _text(words, "procStart"), _booted_at()
    written_at = _milliseconds(words, "startedAt") or 0.0
    if told and told.isdecimal() and len(told) < 16 and booted_at is not None:
        started_at = booted_at + int(told) / TICKS
        # Ticks of an earlier boot lead anywhere.
        if abs(started_at - written_at) < START_UP:
            return Run(pid, started_at)
    return Run(pid, written_at)


def _booted_at() -> float | None:
    with suppress(OSError, ValueError, IndexError):
        return float(Path("/proc/stat").read_bytes().partition(b"\nbtime ")[2].split(maxsplit=1)[0])
    return None


# -- processes that did not register ---------------------------------------------------------------

#: First words after ``claude`` that start something else than a conversation.
_ERRAND: Final = re.compile(
    r"agents|attach|auth|auto-mode|config|daemon|doctor|gateway|import|install|kill|logs|mcp|plugins?|purge"
    r"|remote-control|respawn|rm|setup-token|stop|ultrareview|update|upgrade"
)
_ASIDES: Final = frozenset({"-h", "--help", "-v", "--version", "--bg", "--background", "--bg-spare"})
_NAMED_SESSION: Final = ("--session-id", "--resume", "-r")


def _unregistered(
    home: Path, process: Process, running: Mapping[int, Process], processes: Processes
) -> Sighting | None:
    """A conversation that old versions, or one that only starts, do not tell of: found by its command."""
    arguments = _arguments(process.argv)
    if arguments is None or _is_errand(arguments):
        return None
    parent = running.get(process.parent_pid)
    if parent and _arguments(parent.argv) is not None:
        return None  # a part of that one, or a child that has not become another program yet
    if _home_of(process, processes, home) != home:
        return None
    session_id = _named_session(arguments)
    return Sighting(
        agent=name,
        session_id=session_id,
        run=process.run,
        alive=True,
        facts=Facts(cwd=process.cwd),
        transcript=_stored_at(home, session_id, process.cwd) if session_id else None,
    )


def _arguments(argv: Sequence[str]) -> Sequence[str] | None:
    """What follows the program, if that is Claude Code: the native one, or its script in Node."""
    programs = [re.split(r"[\\/]", word) for word in argv[:2]]
    if not programs:
        return None
    if programs[0][-1] in {"claude", "claude.exe"}:
        return argv[1:]
    if programs[0][-1] not in {"node", "node.exe", "bun"} or len(programs) < 2:
        return None
    script = programs[1]
    return argv[2:] if script[-1] == "claude" or script[-2:] == ["claude-code", "cli.js"] else None


def _is_errand(arguments: Sequence[str]) -> bool:
    return bool(arguments) and bool(_ERRAND.fullmatch(arguments[0]) or not _ASIDES.isdisjoint(arguments))


def _home_of(process: Process, processes: Processes, home_here: Path) -> Path:
    """Where this process keeps its files; here, as far as one can know."""
    environment = processes.environment(process.run.pid)
    user_home = environment.get("HOME") or environment.get("USERPROFILE")
    return home(environment, Path(user_home)) if user_home else home_here


def _named_session(arguments: Sequence[str]) -> str | None:
    """The session that a command line names, unless it only starts from a copy of it."""
    if "--fork-session" in arguments:
        return None
    words = [word for argument in arguments for word in argument.split("=", 1)]
    for option, value in pairwise(words):
        if option in _NAMED_SESSION and _ID.fullmatch(value):
            return value
    return None


# -- what the lines of a conversation mean ---------------------------------------------------------

_NOTHING: Final = Record()
_FILLER: Final = "No response requested."
_INTERRUPTED: Final = "[Request interrupted by user"
_SYNTHETIC: Final = "<synthetic>"
_ANSI: Final = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_TAGGED: Final = re.compile(r"\s*<([a-z-]+)>")
#: Numbers above this are nonsense: no counter of ours gets there.
_COUNTABLE: Final = 2**53
#: The one window that a conversation tells, by what it asked the model for, in tokens.
_LONG_WINDOW: Final = ("context-1m", 1_000_000)
_MAIN_QUERIES: Final = frozenset({"repl_main_thread", "sdk"})


@dataclass(slots=True)
class _Spent:
    """What the answers so far have cost in tokens, as long as none of them was missed. Owner: a Reading."""

    whole: bool = True
    total: int = 0
    known: set[int] = field(default_factory=set)
    by_answer: dict[str, int] = field(default_factory=dict)

    def follow(self, line: Mapping[str, Any]) -> None:
        """Each line names the one before it: an unknown one was not read."""
        uuid, parent = line.get("uuid"), line.get("parentUuid")
        if not self.whole or not isinstance(uuid, str):
            return
        self.known.add(hash(uuid))
        if isinstance(parent, str) and hash(parent) not in self.known:
            self.whole = False
            self.known.clear()
            self.by_answer.clear()

    def add(self, answer: str, tokens: int) -> int | None:
        """The total with one answer, told once for each of its blocks; unknown if not all was read."""
        if not self.whole:
            return None
        self.total += tokens - self.by_answer.get(answer, 0)
        self.by_answer[answer] = tokens
        return self.total


@dataclass(frozen=True, slots=True)
class _Part:
    """One entry to be, before it has its place in its line."""

    role: Role
    kind: EntryKind
    text: str
    tool: str | None = None


class Reading:
    """Reads the lines of one conversation in their order. It owns what it must remember of them."""

    def __init__(self, *, sidechain: bool = False) -> None:
        """*sidechain*: this is the file of a sub-agent; elsewhere the lines of one are skipped."""
        self._sidechain = sidechain
        self._spent = _Spent()
        self._tools: dict[str, str] = {}
        self._window: int | None = None
        self._has_name = False

    def __call__(self, line: Mapping[str, Any]) -> Record:
        """What one line means; nothing if it is of a kind that we do not know."""
        kind = line.get("type")
        meaning = _MEANINGS.get(kind) if isinstance(kind, str) else None
        if meaning is None:
            return _NOTHING
        self._spent.follow(line)
        if (line.get("isSidechain") is True) is not self._sidechain and "isSidechain" in line:
            return _NOTHING
        return meaning(self, line)

    def user(self, line: Mapping[str, Any]) -> Record:
        """A prompt, the results of tools, or what Claude Code says in the user's name."""
        content = _mapping(line, "message").get("content")
        if line.get("isMeta") is True:
            return _record(line)
        if line.get("isCompactSummary") is True:
            return _record(line, [_notice(text) for text in _texts(content)])
        parts: list[_Part] = []
        sign: Sign | None = None
        for block in _blocks(content):
            part, told = _said(block["text"]) if _is_text(block) else (self._block(block, Role.USER), None)
            parts.extend([part] if part else [])
            sign = told or (Sign.WORKING if part and part.kind is EntryKind.TOOL_RESULT else sign)
        return _record(line, parts, sign)

    def assistant(self, line: Mapping[str, Any]) -> Record:
        """One block of an answer, or an error of the API in its place."""
        message = _mapping(line, "message")
        if line.get("isApiErrorMessage") is True:
            return _failed(line, "\n".join(_texts(message.get("content"))))
        if message.get("model") == _SYNTHETIC and _FILLER in _texts(message.get("content")):
            return _record(line, sign=Sign.IDLE)
        found = (self._block(block, Role.ASSISTANT) for block in _blocks(message.get("content")))
        goes_on = _text(message, "stop_reason") in {None, "tool_use", "pause_turn"}
        sign = Sign.WORKING if goes_on else Sign.IDLE
        return _record(line, [part for part in found if part], sign, self._account(line, message))

    def system(self, line: Mapping[str, Any]) -> Record:
        """The end of a turn, or a word of Claude Code itself."""
        subtype, content = line.get("subtype"), line.get("content")
        if subtype == "turn_duration":
            return _record(line, sign=Sign.IDLE)
        if subtype == "stop_hook_summary":
            errors = [error for error in _list(line, "hookErrors") if isinstance(error, str)]
            return _record(line, [_notice(error) for error in errors])
        if not isinstance(content, str):
            return _record(line)
        part, _ = _said(content)
        return _record(line, [_notice(part.text)] if part else [])

    def attachment(self, line: Mapping[str, Any]) -> Record:
        """What was put beside a prompt: of interest are the model, and prompts typed while it worked."""
        attachment = _mapping(line, "attachment")
        if attachment.get("type") == "model":
            model = _text(_mapping(attachment, "identity"), "modelId")
            return Record(facts=Facts(model=model), at=_time(line)) if model else _NOTHING
        if attachment.get("type") != "queued_command":
            return _NOTHING
        said = [_said(text)[0] for text in _texts(attachment.get("prompt"))]
        return _record(line, [part for part in said if part])

    def custom_title(self, line: Mapping[str, Any]) -> Record:
        """The name that the user gave, above all others; an empty one takes it back."""
        given = _text(line, "customTitle")
        self._has_name = bool(given)
        return Record(facts=Facts(title=given)) if given else _NOTHING

    def other_title(self, line: Mapping[str, Any]) -> Record:
        """A title made by a model (``summary`` in old versions)."""
        made = _text(line, "aiTitle") or _text(line, "summary")
        return Record(facts=Facts(title=made)) if made and not self._has_name else _NOTHING

    def cost(self, line: Mapping[str, Any]) -> Record:
        """The bill so far, where every model has a price."""
        cost = _number(line, "totalCostUSD")
        if cost is None or line.get("hasUnknownModelCost"):
            return _NOTHING
        return Record(facts=Facts(cost_usd=cost))

    def request(self, line: Mapping[str, Any]) -> Record:
        """An attempt to reach the model: the only sign of life while it tries again."""
        if _text(line, "querySource") in _MAIN_QUERIES:
            wishes = [wish for wish in _list(_mapping(line, "params"), "betas") if isinstance(wish, str)]
            prefix, size = _LONG_WINDOW
            self._window = size if any(wish.startswith(prefix) for wish in wishes) else None
        return Record(at=_time(line))

    def _account(self, line: Mapping[str, Any], message: Mapping[str, Any]) -> Facts:
        """Model, tokens and context, from the usage that each block of an answer repeats."""
        model, usage = _text(message, "model"), _mapping(message, "usage")
        if model == _SYNTHETIC or not usage:
            return Facts()
        kinds = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
        tokens = sum(_count(usage, kind) for kind in kinds)
        answer = _text(message, "id") or _text(line, "uuid") or ""
        used = round(100 * tokens / self._window, 1) if self._window else None
        return Facts(model=model, tokens=self._spent.add(answer, tokens), context_used_percent=used)

    def _block(self, block: Mapping[str, Any], role: Role) -> _Part | None:
        """One block of a message; ``None`` if there is nothing to show."""
        kind = _text(block, "type") or "unknown"
        if kind == "text":
            return _Part(role, EntryKind.TEXT, block["text"]) if _is_text(block) else None
        if kind in {"thinking", "redacted_thinking"}:
            thought = block.get("thinking")
            return _Part(role, EntryKind.THINKING, thought) if isinstance(thought, str) and thought else None
        if kind.endswith("tool_use"):
            return self._call(block)
        if kind.endswith("tool_result"):
            tool = self._tools.pop(_text(block, "tool_use_id") or "", None)
            return _Part(Role.TOOL, EntryKind.TOOL_RESULT, _result(block.get("content")), tool)
        return _Part(role, EntryKind.NOTICE, f"[{kind}]")

    def _call(self, block: Mapping[str, Any]) -> _Part:
        tool, call = _text(block, "name") or "unknown", _text(block, "id")
        if call:
            self._tools[call] = tool
        return _Part(Role.ASSISTANT, EntryKind.TOOL_CALL, _call_text(_mapping(block, "input")), tool)


_MEANINGS: Final[Mapping[str, Callable[[Reading, Mapping[str, Any]], Record]]] = {
    "user": Reading.user,
    "assistant": Reading.assistant,
    "system": Reading.system,
    "attachment": Reading.attachment,
    "custom-title": Reading.custom_title,
    "ai-title": Reading.other_title,
    "summary": Reading.other_title,
    "cost-state": Reading.cost,
    "api-request": Reading.request,
}


def _said(text: str) -> tuple[_Part | None, Sign | None]:
    """A text in the user's name: a prompt, or what Claude Code wrote there within tags."""
    if text.startswith(_INTERRUPTED):
        return _notice(text), Sign.INTERRUPTED
    tag = _TAGGED.match(text)
    match tag[1] if tag else None:
        case "task-notification":
            return _notice(_within(text, "summary") or text), Sign.WORKING
        case "command-name" | "command-message":
            command = f"{_within(text, 'command-name')} {_within(text, 'command-args')}".strip()
            return _notice(command), None
        case "local-command-stdout" | "local-command-stderr" | "bash-stdout" | "bash-stderr" as kind:
            shown = _within(text, kind) or _within(text, kind.replace("stdout", "stderr"))
            return (_notice(_ANSI.sub("", shown)) if shown else None), None
        case "bash-input":
            return _Part(Role.USER, EntryKind.TEXT, f"! {_within(text, 'bash-input')}"), None
        case "system-reminder" | "local-command-caveat":
            return None, None
    return _Part(Role.USER, EntryKind.TEXT, text), Sign.WORKING


def _within(text: str, tag: str) -> str:
    """What stands between a tag and its end, empty if it is not there."""
    return text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0].strip()


def _failed(line: Mapping[str, Any], text: str) -> Record:
    part = _Part(Role.SYSTEM, EntryKind.ERROR, text)
    return _record(line, [part], Sign.FAILED, Facts(failure=_clean(text)[:1000]))


def _notice(text: str) -> _Part:
    return _Part(Role.SYSTEM, EntryKind.NOTICE, text)


def _record(
    line: Mapping[str, Any], parts: Sequence[_Part] = (), sign: Sign | None = None, told: Facts | None = None
) -> Record:
    """A record of these parts, with the facts that every line carries."""
    at, uuid, told = _time(line), _text(line, "uuid") or "", told or Facts()
    branch = _text(line, "gitBranch")
    facts = replace(
        told,
        agent_version=_text(line, "version"),
        cwd=_text(line, "cwd"),
        # "HEAD" is said both of a detached head and of a folder that is no repository.
        git_branch=None if branch == "HEAD" else branch,
    )
    entries = tuple(_entry(place, part, uuid, at) for place, part in enumerate(parts))
    return Record(entries=entries, facts=facts, sign=sign, at=at)


def _entry(place: int, part: _Part, uuid: str, at: float | None) -> Entry:
    return Entry(
        seq=place,
        id=f"{uuid}.{place}" if place else uuid,
        at=at,
        role=part.role,
        kind=part.kind,
        text=_clean(part.text[:TEXT_LIMIT]),
        tool=part.tool,
        truncated=len(part.text) > TEXT_LIMIT,
    )


def _call_text(arguments: Mapping[str, Any]) -> str:
    """What a tool is asked to do: a command as it is, changes of a file as a diff, else JSON."""
    command = arguments.get("command")
    if isinstance(command, str):
        return command
    path = arguments.get("file_path") or arguments.get("notebook_path")
    changes = [arguments, *_list(arguments, "edits")]
    lines = [line for change in changes if isinstance(change, dict) for line in _change(change)]
    if isinstance(path, str) and lines:
        return "\n".join([path, *lines])
    with suppress(RecursionError):
        return json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
    return "{…}"


def _change(change: Mapping[str, Any]) -> Iterator[str]:
    """The lines that go and the lines that come."""
    for sign, key in (("-", "old_string"), ("+", "new_string"), ("+", "content"), ("+", "new_source")):
        text = change.get(key)
        if isinstance(text, str):
            yield from (f"{sign} {line}" for line in text[:TEXT_LIMIT].splitlines())


def _result(content: Any) -> str:
    """What a tool answered; pictures and the like by their kind."""
    return "\n".join(
        block["text"] if _is_text(block) else f"[{_text(block, 'type') or 'unknown'}]"
        for block in _blocks(content)
    )


def _blocks(content: Any) -> Sequence[Mapping[str, Any]]:
    """The blocks of a message; a bare text is one."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def _is_text(block: Mapping[str, Any]) -> bool:
    return block.get("type") == "text" and isinstance(block.get("text"), str) and bool(block["text"])


def _texts(content: Any) -> Sequence[str]:
    return [block["text"] for block in _blocks(content) if _is_text(block)]


# -- values of which nothing is sure ---------------------------------------------------------------


def _text(fields: Mapping[str, Any], key: str) -> str | None:
    """A short text that is not empty."""
    value = fields.get(key)
    return _clean(value[:4096]) if isinstance(value, str) and value else None


def _clean(text: str) -> str:
    """Without halves of surrogate pairs: JSON may hold them, UTF-8 cannot."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _mapping(fields: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = fields.get(key)
    return value if isinstance(value, dict) else {}


def _list(fields: Mapping[str, Any], key: str) -> Sequence[Any]:
    value = fields.get(key)
    return value if isinstance(value, list) else []


def _count(fields: Mapping[str, Any], key: str) -> int:
    value = fields.get(key)
    return value if type(value) is int and 0 <= value < _COUNTABLE else 0


def _number(fields: Mapping[str, Any], key: str) -> float | None:
    """A number that is neither below nothing nor out of this world."""
    value = fields.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < _COUNTABLE else None


def _milliseconds(fields: Mapping[str, Any], key: str) -> float | None:
    """A time in milliseconds since 1970 in the file, in seconds here."""
    value = _number(fields, key)
    return value / 1000 if value else None


def _time(line: Mapping[str, Any]) -> float | None:
    """When a line was written."""
    value = line.get("timestamp")
    if not isinstance(value, str):
        return None
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(value)
        return moment.timestamp() if moment.tzinfo else None
    return None
