"""Keep-awake's place at the desk: events in, wishes out, and the story that screens are told."""

from collections.abc import Iterable, Sequence

from supervisor.core import effects, events
from supervisor.core.awake import Decision, Keeping, Rules, choose, decide
from supervisor.core.model import Awake, Power, Session


class Keeper:
    """Owns what is remembered about keep-awake. The deciding itself is ``awake.decide``."""

    def __init__(self, rules: Rules | None = None) -> None:
        """*rules*: what the user has set."""
        self._rules = rules or Rules()
        self._power = Power()
        self._decision = Decision(keeping=Keeping(), wanted=False)
        self._held: events.Held | None = None
        self._held_since: float | None = None
        self.awake = Awake()

    @property
    def power(self) -> Power:
        """Battery and charger, as last heard."""
        return self._power

    @property
    def released(self) -> str | None:
        """Why the machine is let go although something goes on, in a sentence."""
        return self._decision.problem

    def is_kept_by(self, session_id: str) -> bool:
        """Whether this session is one of the reasons."""
        return session_id in self._decision.session_ids

    def concerned(self, event: events.Event, wishes: Sequence[effects.Effect]) -> bool:
        """Whether this event, or what it led to, may change the answer."""
        match event:
            case events.AwakeChosen() | events.Held() | events.PowerRead() | events.Restored():
                return True
            case events.WaitOver(name="awake"):
                return True
            case _:
                return any(isinstance(w, effects.Publish) and w.topic == "session" for w in wishes)

    def handle(self, event: events.Event, sessions: Iterable[Session]) -> list[effects.Effect]:
        """Decide anew; return what is to be done about it."""
        keeping = self._decision.keeping
        match event:
            case events.AwakeChosen():
                keeping = choose(keeping, event.mode, event.seconds, event.at)
            case events.PowerRead():
                self._power = event.power
            case events.Held():
                self._hear(event)
            case _:
                pass
        before = self._decision
        self._decision = decide(keeping, tuple(sessions), self._power, event.at, rules=self._rules)
        return [*self._act(before), *self._look_again(before, event), *self._tell()]

    def _hear(self, event: events.Held) -> None:
        if event.held and not (self._held and self._held.held):
            self._held_since = event.at
        self._held = event

    def _act(self, before: Decision) -> list[effects.Effect]:
        if self._decision.wanted and not before.wanted:
            return [effects.Hold(self._decision.why)]
        if before.wanted and not self._decision.wanted:
            return [effects.Release()]
        return []

    def _look_again(self, before: Decision, event: events.Event) -> list[effects.Effect]:
        look = self._decision.look_again_at
        # A wait that was over a moment too early must not be the last one.
        waiting = look == before.look_again_at and not isinstance(event, events.WaitOver)
        if look is None or waiting:
            return []
        return [effects.Wait("awake", max(0.0, look - event.at))]

    def _tell(self) -> list[effects.Effect]:
        held = self._held
        awake = self._decision.shown(
            held=bool(held and held.held),
            held_since=self._held_since if held and held.held else None,
            mechanism=held.mechanism if held else None,
            problem=held.problem if held else None,
        )
        if awake == self.awake:
            return []
        self.awake = awake
        return [effects.Publish("awake", None, awake)]
