"""A figure: samples of five repetitions, a bar, a verdict."""

import statistics
from dataclasses import dataclass, field


@dataclass
class Figure:
    """`bar` None: for the record, judged by nobody. The median is judged, or with `every` each sample; least and
    greatest are printed with it. A difference that came out as 0 or less was too small to measure: no pass."""

    name: str
    unit: str
    samples: list = field(default_factory=list)
    bar: float = None
    at_most: bool = True
    every: bool = False

    def median(self):
        return statistics.median(self.samples)

    def holds(self):
        if self.bar is None:
            return True
        judged = self.samples if self.every else [self.median()]
        return all(0 < value <= self.bar if self.at_most else value >= self.bar for value in judged)

    def line(self):
        measured = f"{min(self.samples):.3g} / {self.median():.3g} / {max(self.samples):.3g} {self.unit}"
        if self.bar is None:
            return f"{self.name:<44} {measured:<36} {'-':<10} -"
        bar = f"{'<=' if self.at_most else '>='} {self.bar:g}"
        return f"{self.name:<44} {measured:<36} {bar:<10} {'pass' if self.holds() else 'FAIL'}"

    def record(self):
        return {"name": self.name, "unit": self.unit, "samples": self.samples, "bar": self.bar,
                "at_most": self.at_most, "every": self.every, "holds": self.holds()}


HEADING = f"{'figure':<44} {'min / median / max':<36} {'bar':<10} verdict"
