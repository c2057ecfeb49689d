"""The table of agents. A new one is a line here."""

from collections.abc import Mapping
from types import MappingProxyType

from supervisor.agents import (
    aider,
    amp,
    claude,
    codex,
    copilot,
    crush,
    cursor,
    gemini,
    goose,
    kimi,
    opencode,
    plain,
    qwen,
)
from supervisor.agents.base import Agent

_READ: tuple[Agent, ...] = (claude, codex, opencode, qwen, gemini, copilot, kimi)
_UNREAD: tuple[Agent, ...] = (aider.AGENT, amp.AGENT, crush.AGENT, cursor.AGENT, goose.AGENT)
_ALL = (*_READ, *_UNREAD, plain)

#: By name, in the order in which people are shown them.
AGENTS: Mapping[str, Agent] = MappingProxyType({agent.name: agent for agent in _ALL})
