"""Reads a rollout, Codex's transcript, line by line: what each means by what it holds, not by version.

Most things stand there twice: as input for the model (``response_item``) and as a person sees them
(``event_msg``, since 0.16x with ``item_completed`` inside). Words are taken from what a person sees, because
the model is also given words of the machine; tool calls are taken from the model's input, because they
stand there as soon as they are made.
"""

import json
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, Final

from supervisor.agents.codex import failures
from supervisor.agents.fields import clean, count, mapping, moment, parsed, string, strings
from supervisor.core.failing import Cause
from supervisor.core.model import Entry, EntryKind, Facts, Record, Role, Sign

#: What a tool's result begins with; only the exit code is news to a person.
_PREAMBLE: Final = re.compile(
    r"\A(?:(?:(?:Chunk ID|Wall time|Original token count|Process running with session ID|Exit code|"
    r"Process exited with code)\b.*\n)+Output:\n?)+"
)
_EXIT_CODE: Final = re.compile(r"^(?:Exit code:|Process exited with code) (-?\d+)$", re.MULTILINE)
_TITLE_LENGTH: Final = 80
#: Calls whose output we remember the tool of; more are open at once in no turn.
_OPEN_CALLS: Final = 256
_SHELLS: Final = frozenset({"bash", "sh", "zsh", "dash", "fish", "pwsh", "powershell", "powershell.exe"})

_Payload = Mapping[str, Any]


class Rollout:
    """Reads one rollout from its first line on, whatever part of it comes after that."""

    def __init__(self, title: Callable[[], str | None] = lambda: None) -> None:
        """*title* is asked for the conversation's title when the head is read."""
        self._title = title
        self._headed = False
        self._failed = False
        self._at: float | None = None
        #: What was told last of the plan that pays.
        self._limits: _Payload = {}
        self._tools: dict[str, str] = {}
        self._said: dict[tuple[Role, EntryKind], tuple[str, str]] = {}
        self._lines: Mapping[object, Callable[[_Payload], Record]] = {
            "session_meta": self._head,
            "turn_context": _settings,
            "compacted": lambda _: _notice("Context compacted"),
            "event_msg": self._event,
            "response_item": self._model_item,
        }
        self._events: Mapping[object, Callable[[_Payload], Record]] = {
            "task_started": self._turn_started,
            "turn_started": self._turn_started,
            "task_complete": self._turn_over,
            "turn_complete": self._turn_over,
            "turn_aborted": self._turn_aborted,
            "error": self._error,
            "token_count": self._tokens,
            "thread_settings_applied": lambda payload: _settings(mapping(payload.get("thread_settings"))),
            "item_completed": lambda payload: self._item(mapping(payload.get("item"))),
            "user_message": lambda payload: self._words(payload, Role.USER, string(payload.get("message"))),
            "agent_message": lambda payload: self._words(
                payload, Role.ASSISTANT, string(payload.get("message"))
            ),
            "agent_reasoning": lambda payload: self._words(
                payload, Role.ASSISTANT, string(payload.get("text")), EntryKind.THINKING
            ),
        }
        self._items: Mapping[object, Callable[[_Payload], Record]] = {
            "UserMessage": lambda item: self._words(item, Role.USER, _content(item.get("content"))),
            "AgentMessage": lambda item: self._words(item, Role.ASSISTANT, _content(item.get("content"))),
            "Plan": lambda item: self._words(item, Role.ASSISTANT, string(item.get("text"))),
            "Reasoning": lambda item: self._words(
                item, Role.ASSISTANT, _paragraphs(item.get("summary_text")), EntryKind.THINKING
            ),
            "CommandExecution": _typed_by_hand,
        }

    def __call__(self, line: Mapping[str, Any]) -> Record:
        """Say what one line means; of a kind that is not known a notice, if words are in it."""
        read = self._lines.get(string(line.get("type")))
        payload = line.get("payload")
        if read is None or not isinstance(payload, Mapping):
            return Record()
        at = self._at = moment(line.get("timestamp"))
        record = read(payload)
        entries = tuple(
            _placed(entry, number, at, line.get("ordinal")) for number, entry in enumerate(record.entries)
        )
        return Record(entries=entries, facts=record.facts, sign=record.sign, at=at)

    # -- the session ----------------------------------------------------------------------------

    def _head(self, meta: _Payload) -> Record:
        """The first line tells of this session; further ones were copied from where it was forked."""
        if self._headed:
            return Record()
        self._headed = True
        return Record(facts=facts_of_head(meta, self._title()))

    # -- turns ----------------------------------------------------------------------------------

    def _turn_started(self, _: _Payload) -> Record:
        self._failed = False
        return Record(sign=Sign.WORKING)

    def _turn_over(self, payload: _Payload) -> Record:
        error = payload.get("error")
        if isinstance(error, Mapping):
            return self._failure(error)
        failed, self._failed = self._failed, False
        return Record(sign=None if failed else Sign.IDLE)

    def _turn_aborted(self, payload: _Payload) -> Record:
        reason = string(payload.get("reason")) or "interrupted"
        words = "Interrupted" if reason == "interrupted" else f"Turn ended: {reason.replace('_', ' ')}"
        return Record(entries=_notice(words).entries, sign=Sign.INTERRUPTED)

    def _error(self, payload: _Payload) -> Record:
        """An error that ends its turn: the end itself says nothing of it in some versions."""
        self._failed = True
        return self._failure(payload)

    def _failure(self, error: _Payload) -> Record:
        words = string(error.get("message")) or "The turn failed"
        if (kind := _kind_of_error(error.get("codex_error_info"))) and kind != "other":
            words = f"{words} ({kind.replace('_', ' ')})"
        why = failures.cause(error.get("codex_error_info"), words)
        reset_at = failures.reset_at(words, self._limits, self._at) if why is Cause.USAGE_LIMIT else None
        entry = _entry(error, Role.SYSTEM, EntryKind.ERROR, words)
        facts = Facts(failure=words, cause=why, reset_at=reset_at)
        return Record(entries=entry.entries, facts=facts, sign=Sign.FAILED)

    def _tokens(self, payload: _Payload) -> Record:
        """What was used, of the model's window and of the plan."""
        self._limits = mapping(payload.get("rate_limits")) or self._limits
        return _tokens(payload)

    # -- words ----------------------------------------------------------------------------------

    def _event(self, payload: _Payload) -> Record:
        read = self._events.get(string(payload.get("type")))
        return read(payload) if read else _unknown(payload, payload.get("message") or payload.get("text"))

    def _item(self, item: _Payload) -> Record:
        read = self._items.get(string(item.get("type")))
        return read(item) if read else _unknown(item, item.get("content") or item.get("text"))

    def _words(self, of: _Payload, role: Role, text: str | None, kind: EntryKind = EntryKind.TEXT) -> Record:
        """Words of a person or the model, once, even if a version writes them in both of its ways."""
        way = "item" if "content" in of or "summary_text" in of else "event"
        before = self._said.pop((role, kind), None)
        if not text or (before and before[0] != way and before[1] == text):
            return Record()
        self._said[role, kind] = (way, text)
        return _entry(of, role, kind, text)

    # -- tools ----------------------------------------------------------------------------------

    def _model_item(self, item: _Payload) -> Record:
        kind = string(item.get("type")) or ""
        if kind.endswith("_call"):
            return self._call(item, kind.removesuffix("_call"))
        if kind.endswith("_output"):
            return self._result(item)
        return Record()

    def _call(self, item: _Payload, kind: str) -> Record:
        tool = string(item.get("name")) or kind
        if namespace := string(item.get("namespace")):
            tool = f"{namespace}.{tool}"
        call_id = string(item.get("call_id"))
        if call_id and len(self._tools) < _OPEN_CALLS:
            self._tools[call_id] = tool
        # It is written when the question is put, and the answer is its result.
        sign = Sign.ASKING if tool == "request_user_input" else None
        entry = _entry(item, Role.ASSISTANT, EntryKind.TOOL_CALL, _asked_of_tool(item), tool)
        return Record(entries=entry.entries, sign=sign)

    def _result(self, item: _Payload) -> Record:
        call_id = string(item.get("call_id")) or ""
        tool = self._tools.pop(call_id, None)
        sign = Sign.WORKING if tool == "request_user_input" else None
        named = {"id": string(item.get("id")) or f"{call_id}-result"}
        entry = _entry(named, Role.TOOL, EntryKind.TOOL_RESULT, _told_by_tool(item.get("output")), tool)
        return Record(entries=entry.entries, sign=sign)


def facts_of_head(meta: Mapping[str, Any], title: str | None = None) -> Facts:
    """What the first line of a rollout tells of its session."""
    return Facts(
        title=first_line(title or ""),
        agent_version=string(meta.get("cli_version")),
        cwd=string(meta.get("cwd")),
        git_branch=string(mapping(meta.get("git")).get("branch")),
    )


def parent_in_head(meta: Mapping[str, Any]) -> str | None:
    """The session that a sub-agent's one belongs to, by the first line of its rollout."""
    made_by = mapping(mapping(meta.get("source")).get("subagent"))
    spawned_by = string(mapping(made_by.get("thread_spawn")).get("parent_thread_id"))
    return string(meta.get("parent_thread_id")) or spawned_by


def first_line(text: str) -> str | None:
    """The first line that says something, cut to the length of a title."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), None)
    return line if line is None or len(line) <= _TITLE_LENGTH else line[: _TITLE_LENGTH - 1] + "…"


def _settings(payload: _Payload) -> Record:
    """A turn's model and folder: both may be changed while the session runs."""
    model, cwd = string(payload.get("model")), string(payload.get("cwd"))
    return Record(facts=Facts(model=model, cwd=cwd)) if model or cwd else Record()


def _tokens(payload: _Payload) -> Record:
    usage = mapping(payload.get("info"))
    total = count(mapping(usage.get("total_token_usage")).get("total_tokens"))
    last = count(mapping(usage.get("last_token_usage")).get("total_tokens"))
    window = count(usage.get("model_context_window"))
    used = min(100.0, 100.0 * last / window) if last is not None and window else None
    return Record() if total is None else Record(facts=Facts(tokens=total, context_used_percent=used))


def _kind_of_error(told: object) -> str:
    """``"other"``, or ``{"response_too_many_failed_attempts": {…}}``."""
    return string(told) or next(iter(mapping(told)), "")


def _unknown(of: _Payload, words: object) -> Record:
    """Codex keeps its own books in the file; what it said to somebody is no such thing."""
    return _notice(f"[{string(of.get('type')) or 'unknown'}]") if words else Record()


def _notice(words: str) -> Record:
    return _entry({}, Role.SYSTEM, EntryKind.NOTICE, words)


def _typed_by_hand(item: _Payload) -> Record:
    """A command that the user ran with ``!``; the agent's own are tool calls already."""
    if item.get("source") != "user_shell":
        return Record()
    call = _entry(item, Role.USER, EntryKind.TOOL_CALL, _command(item.get("command")), "shell")
    output = string(item.get("aggregated_output")) or ""
    result = _entry(item, Role.TOOL, EntryKind.TOOL_RESULT, output, "shell")
    return Record(entries=call.entries + result.entries)


def _asked_of_tool(item: _Payload) -> str:
    """The command in one line where there is one, else what the tool was given."""
    if isinstance(typed := item.get("input"), str):
        return typed
    given = string(item.get("arguments"))
    asked = mapping(parsed(given) if given else item.get("action"))
    for name in ("cmd", "command", "query", "path"):
        if words := _command(asked.get(name)):
            return words
    questions = asked.get("questions")
    if isinstance(questions, list):
        return _paragraphs([string(mapping(question).get("question")) for question in questions])
    return given or (json.dumps(asked) if asked else "")


def _command(words: object) -> str:
    """A command as it is typed: without the shell that was put around it."""
    if isinstance(words, str):
        return words
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return ""
    shell = re.split(r"[/\\]", words[0])[-1] if words else ""
    if len(words) == 3 and shell in _SHELLS and words[1].startswith("-"):
        return str(words[2])
    return shlex.join(words)


def _told_by_tool(output: object) -> str:
    """What a tool answered, without the accounts that are only for the model."""
    text = _content(output)
    if text.startswith("{") and isinstance(inner := mapping(parsed(text)).get("output"), str):
        text = inner
    preamble = _PREAMBLE.match(text)
    if preamble is None:
        return text
    code = _EXIT_CODE.search(preamble[0])
    rest = text[preamble.end() :]
    return f"{rest.rstrip()}\nexit code {code[1]}".lstrip() if code and code[1] != "0" else rest


def _entry(of: _Payload, role: Role, kind: EntryKind, text: str, tool: str | None = None) -> Record:
    name = string(of.get("id")) or string(of.get("call_id")) or ""
    entry = Entry(seq=0, id=name, at=None, role=role, kind=kind, text=clean(text), tool=tool)
    return Record(entries=(entry,))


def _placed(entry: Entry, number: int, at: float | None, ordinal: object) -> Entry:
    """The entry with its place; where Codex gave no id, the line's number or time must do."""
    name = entry.id or f"{ordinal if isinstance(ordinal, int) else at}-{entry.kind}"
    return Entry(
        seq=number,
        id=name if number == 0 else f"{name}-{number}",
        at=at,
        role=entry.role,
        kind=entry.kind,
        text=entry.text,
        tool=entry.tool,
    )


def _content(parts: object) -> str:
    """The text of a message: a string, or a list of parts, some of which are pictures."""
    if not isinstance(parts, list):
        return string(parts) or ""
    return _paragraphs([_part(part) for part in parts if isinstance(part, Mapping)])


def _part(part: _Payload) -> str:
    if isinstance(text := part.get("text"), str):
        return text
    return "[image]" if "image" in (string(part.get("type")) or "").lower() else ""


def _paragraphs(texts: object) -> str:
    if not isinstance(texts, list):
        return string(texts) or ""
    return "\n\n".join(filter(None, strings(texts)))
