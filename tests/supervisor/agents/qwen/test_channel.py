"""The pair of files of a terminal of ours."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from supervisor.agents.qwen import channel
from supervisor.agents.qwen.channel import Channel, Follower


@pytest.fixture
def begun(tmp_path: Path) -> Channel:
    """A new channel."""
    return channel.begun(tmp_path / ".qwen")


def told(begun: Channel) -> list[dict[str, Any]]:
    """All that Qwen Code would read."""
    return [json.loads(line) for line in begun.told.read_text().splitlines()]


def test_a_channel_is_for_its_user_alone(begun: Channel) -> None:
    """Nobody else reads what is told there, or tells something."""
    if sys.platform == "win32":
        pytest.skip("Windows has no modes of files")

    modes = [path.stat().st_mode & 0o777 for path in (begun.told.parent, begun.told, begun.tells)]

    assert modes == [0o700, 0o600, 0o600]


def test_the_command_line_names_it(begun: Channel, tmp_path: Path) -> None:
    """It is found again by the process alone, and only if it is one of ours."""
    home = tmp_path / ".qwen"
    ours = ("node", "/bin/qwen", *begun.options, "-m", "x")
    somebodys = ("qwen", "--input-file", "/home/me/in.jsonl", "--json-file", "/home/me/out.jsonl")

    assert channel.of(home, ours) == begun
    assert channel.of(home, somebodys) is None
    assert channel.of(tmp_path / "other", ours) is None
    assert channel.of(home, ("qwen",)) is None


def test_what_is_told_twice_is_told_once(begun: Channel) -> None:
    """The same prompt after a crash of ours is not submitted again."""
    for words in ("one", "two", "one"):
        begun.say({"type": "submit", "text": words, "id": words})

    assert [line["text"] for line in told(begun)] == ["one", "two"]


def test_lines_of_any_words_stay_lines(begun: Channel) -> None:
    """Ends of lines and foreign letters are within them."""
    begun.say({"type": "submit", "text": 'a\nb\u2028 日本語 "quoted"', "id": "1"})

    assert told(begun) == [{"type": "submit", "text": 'a\nb\u2028 日本語 "quoted"', "id": "1"}]


def test_it_is_ready_when_it_has_begun_to_tell(begun: Channel) -> None:
    """What stood there before Qwen Code looked would never be read."""
    before = begun.is_ready()
    begun.tells.write_text("{}\n")

    assert (before, begun.is_ready()) == (False, True)


def test_pieces_of_answers_are_passed_over(begun: Channel) -> None:
    """Only whole lines are news, and each is news once."""
    follower = Follower(begun.tells)
    piece = '{"type":"stream_event","event":{"type":"content_block_delta"}}\n'
    stop = '{"type":"stream_event","event":{"type":"message_stop"}}\n'
    with begun.tells.open("a") as file:
        file.write('{"type":"user"}\n' + piece + stop + '{"ty')
        file.flush()
        first = follower.news()
        file.write('pe":"assistant"}\nno json\n')

    assert [event["type"] for event in first] == ["user", "stream_event"]
    assert [event["type"] for event in follower.news()] == ["assistant"]
    assert follower.news() == []


@pytest.mark.skipif(not hasattr(os, "SEEK_DATA"), reason="needs files with holes")
def test_what_was_read_is_given_back_to_the_disk(begun: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer goes on where it was; who reads from then on, or anew, misses nothing that is new."""
    monkeypatch.setattr(channel, "_MOST_KEPT", 100_000)
    follower = Follower(begun.tells)
    with begun.tells.open("wb", buffering=0) as file:
        file.write(b'{"type":"user"}\n' * 10_000)
        assert len(follower.news()) == 10_000

        follower.give_back()
        emptied = begun.tells.stat().st_size
        file.write(b'{"type":"assistant"}\n')

    assert emptied == 0
    assert [event["type"] for event in follower.news()] == ["assistant"]
    assert [event["type"] for event in Follower(begun.tells).news()] == ["assistant"]
    assert begun.tells.stat().st_blocks * 512 < 100_000


def test_what_nobody_uses_is_taken_away_after_a_day(tmp_path: Path) -> None:
    """Neither what is in use nor what is young, and nothing of anybody else."""
    home = tmp_path / ".qwen"
    old, used, young = (channel.begun(home) for _ in range(3))
    other = old.told.with_name("somebody's.jsonl")
    other.touch()
    for path in (old.told, old.tells, used.told, used.tells, other):
        os.utime(path, (0, time.time() - 90_000))

    channel.tidy(home, [used])

    left = {path.name for path in old.told.parent.iterdir()}
    assert left == {path.name for one in (used, young) for path in (one.told, one.tells)} | {other.name}


def test_a_channel_that_is_gone_tells_nothing(begun: Channel) -> None:
    """Nor does it take anything."""
    begun.tells.unlink()
    begun.told.unlink()

    assert Follower(begun.tells).news() == []
    with pytest.raises(OSError, match="No such file"):
        begun.say({"type": "submit", "id": "1"})
