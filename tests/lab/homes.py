"""A clean home for each agent, and how to start it there: nothing of the user's, no network but loopback."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tests.lab import agents

KEY = "fake-key-0123456789abcdefghij"
#: Nobody listens there: what an agent wants of the world outside fails at once, on this machine.
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A program as it is to be started: *env* is its whole environment."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path

    def plus(self, *arguments: str, **environment: str) -> "Launch":
        """The same with more arguments and variables."""
        return replace(self, argv=(*self.argv, *arguments), env={**self.env, **environment})


#: Without these no program runs there.
_OF_WINDOWS = ("SYSTEMROOT", "COMSPEC", "PATHEXT", "TEMP", "TMP")


def environment(home: Path) -> dict[str, str]:
    """What every program gets, like ``env -i`` with a few words of our own."""
    return {
        **{name: os.environ[name] for name in _OF_WINDOWS if name in os.environ},
        "HOME": str(home),
        "USERPROFILE": str(home),
        "PATH": os.environ.get("PATH", os.defpath),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "SHELL": "/bin/bash",
        "HTTP_PROXY": NOWHERE,
        "HTTPS_PROXY": NOWHERE,
        "NO_PROXY": "127.0.0.1,localhost",
    }


def claude(home: Path, cwd: Path, url: str) -> Launch:
    """Claude Code against the fake server at *url*, past all questions of a first start."""
    seed = {
        "hasCompletedOnboarding": True,
        "customApiKeyResponses": {"approved": [KEY[-20:]], "rejected": []},
        "officialMarketplaceAutoInstallAttempted": True,
        "hasSeenAutoDefaultNotice": True,
        "projects": {os.path.realpath(cwd): {"hasTrustDialogAccepted": True}},
    }
    write(home / ".claude.json", json.dumps(seed))
    variables = {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": KEY,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "DISABLE_GROWTHBOOK": "1",
        "DISABLE_TELEMETRY": "1",
    }
    return launch("claude", home, cwd, variables)


def codex(home: Path, cwd: Path, url: str) -> Launch:
    """Codex against the fake server at *url*, in a folder that it trusts."""
    lines = [
        'model = "fake-model"',
        'model_provider = "fake"',
        "check_for_update_on_startup = false",
        "[analytics]",
        "enabled = false",
        "[model_providers.fake]",
        'name = "fake"',
        f'base_url = "{url}/v1"',
        'env_key = "FAKE_API_KEY"',
        'wire_api = "responses"',
        f"[projects.{json.dumps(os.path.realpath(cwd))}]",
        'trust_level = "trusted"',
    ]
    write(home / ".codex" / "config.toml", "\n".join(lines) + "\n")
    return launch("codex", home, cwd, {"FAKE_API_KEY": "sk-fake"})


def opencode(home: Path, cwd: Path, url: str) -> Launch:
    """OpenCode against the fake server at *url*."""
    fake = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "fake",
        "options": {"baseURL": f"{url}/v1", "apiKey": "sk-fake"},
        "models": {"fake-model": {"name": "fake-model", "limit": {"context": 200_000, "output": 8_000}}},
    }
    config = {
        "autoupdate": False,
        "share": "disabled",
        "model": "fake/fake-model",
        "small_model": "fake/fake-model",
        "enabled_providers": ["fake"],
        "provider": {"fake": fake},
    }
    write(home / ".config" / "opencode" / "opencode.json", json.dumps(config))
    # On a slow machine its first start ends with an error where this is missing.
    write(home / ".local" / "state" / "opencode" / "kv.json", "{}")
    variables = {"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1"}
    return launch("opencode", home, cwd, variables)


def qwen(home: Path, cwd: Path, url: str) -> Launch:
    """Qwen Code against the fake server at *url*; it asks before it acts."""
    config = {
        "general": {"enableAutoUpdate": False, "disableUpdateNag": True},
        "privacy": {"usageStatisticsEnabled": False},
        "security": {"auth": {"selectedType": "openai"}},
        "telemetry": {"enabled": False},
        "tools": {"approvalMode": "default"},
    }
    write(home / ".qwen" / "settings.json", json.dumps(config))
    variables = {
        "OPENAI_API_KEY": "sk-fake",
        "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_MODEL": "fake-model",
    }
    return launch("qwen", home, cwd, variables)


def gemini(home: Path, cwd: Path, url: str) -> Launch:
    """Gemini CLI against the fake server at *url*, in a folder that it trusts."""
    config = {
        "general": {"enableAutoUpdate": False, "disableAutoUpdate": True, "disableUpdateNag": True},
        "privacy": {"usageStatisticsEnabled": False},
        "security": {"auth": {"selectedType": "gemini-api-key"}},
    }
    write(home / ".gemini" / "settings.json", json.dumps(config))
    variables = {
        "GEMINI_API_KEY": "fake-key",
        "GEMINI_CLI_TRUST_WORKSPACE": "true",
        "GOOGLE_GEMINI_BASE_URL": url,
    }
    return launch("gemini", home, cwd, variables)


def copilot(home: Path, cwd: Path, url: str) -> Launch:
    """Copilot CLI against the fake server at *url*, in a folder that it trusts."""
    config = {"trusted_folders": [os.path.realpath(cwd)], "banner": "never"}
    write(home / ".copilot" / "config.json", json.dumps(config))
    variables = {
        "COPILOT_AUTO_UPDATE": "false",
        "COPILOT_MODEL": "gpt-4.1",
        "COPILOT_OFFLINE": "true",
        "COPILOT_PROVIDER_API_KEY": "sk-fake",
        "COPILOT_PROVIDER_BASE_URL": f"{url}/v1",
    }
    return launch("copilot", home, cwd, variables)


def kimi(home: Path, cwd: Path, url: str) -> Launch:
    """Kimi Code against the fake server at *url*, in a folder that it trusts."""
    lines = [
        'default_model = "fake/fake-model"',
        "telemetry = false",
        "[providers.fake]",
        'type = "openai"',
        f'base_url = "{url}/v1"',
        'api_key = "sk-fake"',
        '[models."fake/fake-model"]',
        'provider = "fake"',
        'model = "fake-model"',
        "max_context_size = 200000",
    ]
    write(home / ".kimi-code" / "config.toml", "\n".join(lines) + "\n")
    folder = os.path.realpath(cwd)
    workspace = f"wd_{Path(folder).name}_{hashlib.sha256(folder.encode()).hexdigest()[:12]}"
    trusted = json.dumps({"root": folder, "trustedAt": 1_795_297_685_983})
    write(home / ".kimi-code" / "workspace-trust" / workspace, trusted)
    return launch("kimi", home, cwd, {"KIMI_CODE_NO_AUTO_UPDATE": "1"})


def launch(name: str, home: Path, cwd: Path, variables: Mapping[str, str]) -> Launch:
    """The agent's program with the clean environment and its own variables."""
    cwd.mkdir(parents=True, exist_ok=True)
    clean = environment(home)
    if (node := agents.node(name)) is not None:
        clean["PATH"] = os.pathsep.join((str(node), clean["PATH"]))
    return Launch(argv=(str(agents.program(name)),), env={**clean, **variables}, cwd=cwd)


def write(path: Path, text: str) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
