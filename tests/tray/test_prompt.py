"""What the window for a prompt says to the supervisor."""

from collections.abc import Iterator
from typing import Any

from supervisor.core.errors import Refused
from tray import words
from tray.prompt import Giver


class Client:
    """Answers what it is given; an error is raised."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[tuple[Any, ...]] = []

    def get(self, path: str) -> Any:
        """Ask."""
        return self._answer("get", path)

    def post(self, path: str, body: Any = None) -> Any:
        """Do."""
        return self._answer("post", path, body)

    def put(self, path: str, body: Any) -> Any:
        """Set."""
        return self._answer("put", path, body)

    def delete(self, path: str) -> Any:
        """Remove."""
        return self._answer("delete", path)

    def events(self, after: str | None = None) -> Iterator[Any]:
        """Nothing happens."""
        del after
        return iter(())

    def _answer(self, *asked: Any) -> Any:
        self.asked.append(asked)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_a_prompt_says_what_has_become_of_it() -> None:
    """Taken, or waiting for its turn."""
    waiting = Client({"prompt": {"state": "waiting"}})
    taken = Client({"prompt": {"state": "sending"}})

    assert Giver(lambda: waiting, "a").give("hi", "idle") == (True, words.PROMPT_WAITS)
    assert Giver(lambda: taken, "a b").give("hi", "now") == (True, words.PROMPT_SENT)
    assert taken.asked == [("post", "/api/sessions/a%20b/prompt", {"text": "hi", "when": "now"})]


def test_a_refusal_is_said_in_its_own_words() -> None:
    """With what helps."""
    refusing = Client(Refused("It asks something.", "Answer it first."))

    assert Giver(lambda: refusing, "a").give("hi", "now") == (False, "It asks something. Answer it first.")
    assert Giver(lambda: refusing, "a").session() == (None, "It asks something. Answer it first.")
