"""One module per agent; all that is special about it is in there."""

#: The programs that are agents, by the names of their modules; ``catalog`` has the modules themselves.
AGENTS = frozenset({"claude", "codex", "copilot", "gemini", "opencode", "qwen"})
