import pytest
from systems.optimizer_race import RUNNERS, TASKS, draw


def test_every_optimizer_descends_on_every_task(tmp_path):
    pytest.importorskip("matplotlib")
    results = draw(tmp_path / "race.png", steps=60)
    assert (tmp_path / "race.png").stat().st_size > 20_000
    for title in TASKS:
        assert list(results[title]) == list(RUNNERS)
        starts = {curve[0] for curve in results[title].values()}
        assert max(starts) - min(starts) < 1e-12, "all start from the same draw"
        for name, curve in results[title].items():
            assert len(curve) == 60
            assert min(curve) < 0.9 * curve[0], (title, name)
