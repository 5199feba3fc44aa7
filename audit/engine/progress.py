"""How a run says how far it has come: by its pictures and experiments, and by the share of its work that is done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

PICTURES, QUANTITIES = "pictures", "quantities"
Progress = Callable[[int, int, str, float], None]
"""Called with how many are done, how many there are, and of what: 'pictures', then the name of a control or search, or
what else there is to count, and with the share of the whole work that is done, from 0 to 1."""


Estimate = Callable[[float], float]
"""How many passes through the network a control or search takes at most, where the pictures take so many each."""


def silent(done: int, total: int, what: str, share: float) -> None:
    """Says nothing."""


@dataclass
class Work:
    """The work of a run in passes through the network: what is done, and an estimate of what is left."""

    report: Progress
    spent: Callable[[], int]
    """The passes of this session so far."""
    parts: Mapping[str, Estimate]
    """The controls and searches that are still to be made, in their order; each leaves with its end."""
    earlier: int = 0
    """The passes of the sessions before, and of other processes."""
    _pictures: tuple[int, int] = (0, 0)
    _for_pictures: int = 0
    _now: tuple[int, int, str] | None = field(default=None, init=False)
    _began: int = field(default=0, init=False)

    def pictures(self, done: int, total: int) -> None:
        """So many pictures are done."""
        self._pictures, self._for_pictures = (done, total), self.spent() + self.earlier
        self.report(done, total, PICTURES, self.share())

    def begin(self, number: int, count: int, name: str) -> None:
        """The control or search of that name begins, as number `number` from 0 of so many."""
        self._now, self._began = (number, count, name), self.spent()
        names = list(self.parts)
        self.parts = {later: self.parts[later] for later in names[names.index(name) :]}
        self.report(number, count, name, self.share())

    def tick(self) -> None:
        """The network was asked: a control or search has come further."""
        if self._now is not None:
            self.report(*self._now, self.share())

    def share(self) -> float:
        """How much of the work of the whole run is done, from 0 to 1."""
        done, total = self._pictures
        spent = self.earlier + self.spent()
        if not (done and spent):
            return 0.0
        per_picture = self._for_pictures / done
        left = per_picture * (total - done) + self._left(per_picture)
        return spent / (spent + left)

    def _left(self, per_picture: float) -> float:
        expected = [estimate(per_picture) for estimate in self.parts.values()]
        if self._now is not None and expected:
            expected[0] = max(0.0, expected[0] - (self.spent() - self._began))
        return sum(expected)
