"""One module per agent; all that is special about it is in there."""

#: The programs that are agents, by the names of their modules; ``catalog`` has the modules themselves.
AGENTS = frozenset(
    {"aider", "amp", "claude", "codex", "copilot", "crush", "cursor", "gemini", "goose", "kimi", "opencode"}
    | {"qwen"}
)
#: Programs that are not called as their agent is.
OTHER_NAMES = {"cursor-agent": "cursor"}
