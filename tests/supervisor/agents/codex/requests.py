"""What the daemon was heard to ask."""

from typing import Any

COMMAND = "item/commandExecution/requestApproval"
EDIT = "item/fileChange/requestApproval"


def command(thread: str, words: str = "rm -rf build", **more: Any) -> dict[str, Any]:
    """The parameters of a request to run a command."""
    return {
        "threadId": thread,
        "turnId": "turn-1",
        "itemId": "item",
        "startedAtMs": 1_700_000_000_000,
        "command": words,
        "cwd": "/work",
        "reason": "to clean up",
        "availableDecisions": ["accept", "cancel"],
        **more,
    }
