from __future__ import annotations


def test_without_arguments_the_quick_start_runs(cli) -> None:
    code, out, err = cli("backtest")
    assert code == 0, err
    assert "MovingAverageCross on BTC/USD" in out
