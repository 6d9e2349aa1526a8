"""The bench must not flatter: ratios, targets and what is written down about them."""

from __future__ import annotations

import cProfile
from dataclasses import replace
from pathlib import Path

import pytest

from bench import profiling, report
from bench.load import percentile
from bench.results import Figure, Rounds, Taken, Target


def rounds(*pairs: tuple[float, float]) -> Rounds:
    made = Rounds()
    for ours, baseline in pairs:
        made.add(ours, baseline)
    return made


class TestRatios:
    def test_is_the_median_of_the_rounds_ratios_not_the_ratio_of_medians(self) -> None:
        figure = rounds((50, 100), (10, 10), (90, 100)).figure("rate", "/s")
        assert figure.ratio == 0.9
        assert (figure.ours, figure.baseline) == (50, 100)

    def test_spread_is_the_least_and_the_greatest(self) -> None:
        assert rounds((50, 100), (10, 10), (90, 100)).figure("rate", "/s").spread == (0.5, 1.0)

    def test_a_longer_latency_than_the_baselines_is_a_ratio_below_one(self) -> None:
        figure = rounds((4.0, 2.0)).figure("p50", "ms", less_is_better=True)
        assert figure.ratio == 0.5


class TestTargets:
    @pytest.mark.parametrize(("value", "met"), [(0.59, (False, False)), (0.6, (True, False))])
    def test_at_least(self, value: float, met: tuple[bool, bool]) -> None:
        assert Target(0.6, 1.0).met(value) == met

    @pytest.mark.parametrize(("value", "met"), [(101, (False, False)), (50, (True, True))])
    def test_at_most(self, value: float, met: tuple[bool, bool]) -> None:
        assert Target(100, 50, at_most=True).met(value) == met

    def test_the_ratio_is_judged_where_there_is_a_baseline(self) -> None:
        assert rounds((50, 100)).figure("rate", "/s", Target(0.6, 1.0)).met == (False, False)

    def test_the_value_is_judged_where_there_is_none(self) -> None:
        assert Figure("p50", "ms", 80, Target(100, 50, at_most=True)).met == (True, False)


class TestPage:
    taken = Taken(
        name="relay",
        at="2026-11-23 14:00 UTC",
        seconds=12.0,
        load_average=(0.5, 2.0),
        figures=[rounds((30, 100)).figure("events published", "/s", Target(0.6, 0.9))],
        notes=["60,000 events."],
    )
    machine = {"cpu": "a processor", "cores": 2, "memory_gb": 24.0, "kernel": "Linux 6"}

    def page(self, taken: Taken) -> str:
        return report.page(self.machine, {"Kafka": "4.3.1"}, [taken])

    def test_says_that_a_target_is_missed(self) -> None:
        line = "| Relay | events published | 30.0 /s | 100 /s | 0.30 |  | ≥ 0.6 (0.9) | NO |"
        assert line in self.page(self.taken)

    def test_shows_where_the_time_goes_only_where_it_falls_short(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        profile = profiling.Profile(2.0, [profiling.Line("events/envelope.py encode", 0.2, 0.3, 9)])
        monkeypatch.setattr(report, "saved", {"relay": profile}.get)
        assert "`events/envelope.py encode` | 20.0% | 30.0% | 9 |" in self.page(self.taken)
        reached = rounds((90, 100)).figure("events published", "/s", Target(0.6, 0.9))
        assert "events/envelope.py" not in self.page(replace(self.taken, figures=[reached]))

    def test_a_measure_that_failed_is_named(self) -> None:
        failed = replace(self.taken, figures=(), failure="Failed")
        assert "| Relay | not available |" in self.page(failed)

    def test_comes_back_from_its_file_as_it_was(self) -> None:
        again = Taken.of(self.taken.to_data())
        assert again == self.taken
        assert self.page(again) == self.page(self.taken)


def test_the_committed_page_is_made_from_the_committed_results() -> None:
    before = report.PAGE.read_text()
    assert report.from_file() == before


def test_a_profile_names_no_folder_of_the_machine(tmp_path: Path) -> None:
    profile = cProfile.Profile()
    with profile:
        percentile([1.0, 2.0], 0.5)
    profile.dump_stats(tmp_path / "profile")
    names = [line.function for line in profiling.read(tmp_path / "profile").lines]
    assert "bench/load.py percentile" in names
    assert not [name for name in names if name.startswith("/")]
