"""The table of agents. A new one is a line here."""

from collections.abc import Mapping
from types import MappingProxyType

from supervisor.agents import claude, codex, copilot, gemini, opencode, plain, qwen
from supervisor.agents.base import Agent

_ALL: tuple[Agent, ...] = (claude, codex, opencode, qwen, gemini, copilot, plain)

#: By name, in the order in which people are shown them.
AGENTS: Mapping[str, Agent] = MappingProxyType({agent.name: agent for agent in _ALL})
