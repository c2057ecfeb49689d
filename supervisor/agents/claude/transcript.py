"""What the lines of a conversation mean, read one after the other."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from supervisor.agents import calls
from supervisor.agents.claude import failures
from supervisor.agents.fields import clean, count, mapping, moment, number, sequence, short, strings
from supervisor.core.model import Entry, EntryKind, Facts, Record, Role, Sign

#: A longer text of one entry is cut, in characters.
TEXT_LIMIT: Final = 256 * 1024

_NOTHING: Final = Record()
_FILLER: Final = "No response requested."
_INTERRUPTED: Final = "[Request interrupted by user"
_SYNTHETIC: Final = "<synthetic>"
_ANSI: Final = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_TAGGED: Final = re.compile(r"\s*<([a-z-]+)>")
#: Around what was pasted into a prompt; for the model, not for people.
_PASTED: Final = re.compile(r'\n{0,2}<(/?)pasted_content id="[0-9a-f]{1,16}">\n?')
#: The one window that a conversation tells, by what it asked the model for, in tokens.
_LONG_WINDOW: Final = ("context-1m", 1_000_000)
#: What the model was asked, once more.
_BOOKS: Final = "api-request"
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
        """What one line means; of a kind that we do not know a notice, if words are in it."""
        kind = short(line.get("type"))
        if kind is None:
            return _NOTHING
        meaning = _MEANINGS.get(kind)
        if meaning is None:
            return _unknown(line, kind)
        self._spent.follow(line)
        if (line.get("isSidechain") is True) is not self._sidechain and "isSidechain" in line:
            return _NOTHING
        return meaning(self, line)

    def user(self, line: Mapping[str, Any]) -> Record:
        """A prompt, the results of tools, or what Claude Code says in the user's name."""
        content = mapping(line.get("message")).get("content")
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
        message = mapping(line.get("message"))
        if line.get("isApiErrorMessage") is True:
            return _failed(line, "\n".join(_texts(message.get("content"))))
        if message.get("model") == _SYNTHETIC and _FILLER in _texts(message.get("content")):
            return _record(line, sign=Sign.IDLE)
        found = (self._block(block, Role.ASSISTANT) for block in _blocks(message.get("content")))
        goes_on = short(message.get("stop_reason")) in {None, "tool_use", "pause_turn"}
        sign = Sign.WORKING if goes_on else Sign.IDLE
        return _record(line, [part for part in found if part], sign, self._account(line, message))

    def system(self, line: Mapping[str, Any]) -> Record:
        """The end of a turn, or a word of Claude Code itself."""
        subtype, content = line.get("subtype"), line.get("content")
        if subtype == "turn_duration":
            return _record(line, sign=Sign.IDLE)
        if subtype == "stop_hook_summary":
            return _record(line, [_notice(error) for error in strings(line.get("hookErrors"))])
        if not isinstance(content, str):
            return _record(line)
        part, _ = _said(content)
        return _record(line, [_notice(part.text)] if part else [])

    def attachment(self, line: Mapping[str, Any]) -> Record:
        """What was put beside a prompt: of interest are the model, and prompts typed while it worked."""
        attachment = mapping(line.get("attachment"))
        if attachment.get("type") == "model":
            model = short(mapping(attachment.get("identity")).get("modelId"))
            return Record(facts=Facts(model=model), at=moment(line.get("timestamp"))) if model else _NOTHING
        if attachment.get("type") != "queued_command":
            return _NOTHING
        said = [_said(text)[0] for text in _texts(attachment.get("prompt"))]
        return _record(line, [part for part in said if part])

    def custom_title(self, line: Mapping[str, Any]) -> Record:
        """The name that the user gave, above all others; an empty one takes it back."""
        given = short(line.get("customTitle"))
        self._has_name = bool(given)
        return Record(facts=Facts(title=given)) if given else _NOTHING

    def other_title(self, line: Mapping[str, Any]) -> Record:
        """A title made by a model (``summary`` in old versions)."""
        made = short(line.get("aiTitle")) or short(line.get("summary"))
        return Record(facts=Facts(title=made)) if made and not self._has_name else _NOTHING

    def cost(self, line: Mapping[str, Any]) -> Record:
        """The bill so far, where every model has a price."""
        cost = number(line.get("totalCostUSD"))
        if cost is None or line.get("hasUnknownModelCost"):
            return _NOTHING
        return Record(facts=Facts(cost_usd=cost))

    def request(self, line: Mapping[str, Any]) -> Record:
        """An attempt to reach the model: the only sign of life while it tries again."""
        if short(line.get("querySource")) in _MAIN_QUERIES:
            wishes = strings(mapping(line.get("params")).get("betas"))
            prefix, size = _LONG_WINDOW
            self._window = size if any(wish.startswith(prefix) for wish in wishes) else None
        return Record(at=moment(line.get("timestamp")))

    def _account(self, line: Mapping[str, Any], message: Mapping[str, Any]) -> Facts:
        """Model, tokens and context, from the usage that each block of an answer repeats."""
        model, usage = short(message.get("model")), mapping(message.get("usage"))
        if model == _SYNTHETIC or not usage:
            return Facts()
        kinds = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
        tokens = sum(count(usage.get(kind)) or 0 for kind in kinds)
        answer = short(message.get("id")) or short(line.get("uuid")) or ""
        used = round(100 * tokens / self._window, 1) if self._window else None
        return Facts(model=model, tokens=self._spent.add(answer, tokens), context_used_percent=used)

    def _block(self, block: Mapping[str, Any], role: Role) -> _Part | None:
        """One block of a message; ``None`` if there is nothing to show."""
        kind = short(block.get("type")) or "unknown"
        if kind == "text":
            return _Part(role, EntryKind.TEXT, block["text"]) if _is_text(block) else None
        if kind in {"thinking", "redacted_thinking"}:
            thought = block.get("thinking")
            return _Part(role, EntryKind.THINKING, thought) if isinstance(thought, str) and thought else None
        if kind.endswith("tool_use"):
            return self._call(block)
        if kind.endswith("tool_result"):
            tool = self._tools.pop(short(block.get("tool_use_id")) or "", None)
            return _Part(Role.TOOL, EntryKind.TOOL_RESULT, _result(block.get("content")), tool)
        return _Part(role, EntryKind.NOTICE, f"[{kind}]")

    def _call(self, block: Mapping[str, Any]) -> _Part:
        tool, call = short(block.get("name")) or "unknown", short(block.get("id"))
        if call:
            self._tools[call] = tool
        asked = calls.shown(mapping(block.get("input")), TEXT_LIMIT)
        return _Part(Role.ASSISTANT, EntryKind.TOOL_CALL, asked, tool)


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


def _unknown(line: Mapping[str, Any], kind: str) -> Record:
    """Claude Code keeps its own books in the file; what it said to somebody is no such thing."""
    message = mapping(line.get("message"))
    has_words = bool(message.get("role") and message.get("content")) and not kind.startswith(_BOOKS)
    return _record(line, [_notice(f"[{kind}]")]) if has_words else _NOTHING


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
    return _Part(Role.USER, EntryKind.TEXT, _typed(text)), Sign.WORKING


def _typed(text: str) -> str:
    """A prompt as it stood in the terminal."""
    typed, pasted = _PASTED.subn(lambda tag: "\n" if tag[1] else "\n\n", text)
    return typed.strip("\n") if pasted else text


def _within(text: str, tag: str) -> str:
    """What stands between a tag and its end, empty if it is not there."""
    return text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0].strip()


def _failed(line: Mapping[str, Any], text: str) -> Record:
    part = _Part(Role.SYSTEM, EntryKind.ERROR, text)
    told = Facts(
        failure=clean(text)[:1000], cause=failures.cause(line, text), reset_at=failures.reset_at(text)
    )
    return _record(line, [part], Sign.FAILED, told)


def _notice(text: str) -> _Part:
    return _Part(Role.SYSTEM, EntryKind.NOTICE, text)


def _record(
    line: Mapping[str, Any], parts: Sequence[_Part] = (), sign: Sign | None = None, told: Facts | None = None
) -> Record:
    """A record of these parts, with the facts that every line carries."""
    at, uuid, told = moment(line.get("timestamp")), short(line.get("uuid")) or "", told or Facts()
    branch = short(line.get("gitBranch"))
    facts = replace(
        told,
        agent_version=short(line.get("version")),
        cwd=short(line.get("cwd")),
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
        text=clean(part.text[:TEXT_LIMIT]),
        tool=part.tool,
        truncated=len(part.text) > TEXT_LIMIT,
    )


def _result(content: Any) -> str:
    """What a tool answered; pictures and the like by their kind."""
    return "\n".join(
        block["text"] if _is_text(block) else f"[{short(block.get('type')) or 'unknown'}]"
        for block in _blocks(content)
    )


def _blocks(content: Any) -> Sequence[Mapping[str, Any]]:
    """The blocks of a message; a bare text is one."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in sequence(content) if isinstance(block, dict)]


def _is_text(block: Mapping[str, Any]) -> bool:
    return block.get("type") == "text" and isinstance(block.get("text"), str) and bool(block["text"])


def _texts(content: Any) -> Sequence[str]:
    return [block["text"] for block in _blocks(content) if _is_text(block)]
