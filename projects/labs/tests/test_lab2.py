"""The forecasts of lab2: its package on series with a known answer, and the whole lab on small files."""

# ruff: noqa: E402 (whether statsforecast is there decides whether the rest can be imported)

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

pytest.importorskip("statsforecast", reason="lab2 runs in the environment lab-forecast: ./pixiw run test-lab-forecast")

import numpy as np
import numpy.typing as npt
import pandas as pd

LABS = Path(__file__).resolve().parents[1]
sys.path.append(str(LABS / "lab2_forecast_model"))

from forecasting import metrics, steps, tables
from forecasting.backtest import run_backtest
from forecasting.intervals import bounds, calibrate, half_width, measure_coverage
from forecasting.models import MODELS, EachSeries, Forecaster
from forecasting.models.boosted import GradientBoosting, _features, week_of_month
from forecasting.models.naive import drift, seasonal_naive
from forecasting.plan import Plan
from forecasting.ranking import choose_as_known, horizon_errors, rank_models
from forecasting.scope import forecastable, reason_against
from forecasting.series import Series, read_series

MONDAY = np.datetime64("2017-01-02")
SMALL = Plan(horizon=2, train_weeks=4, origins=3, band=2)
CHEAP = (EachSeries("seasonal_naive", seasonal_naive), EachSeries("drift", drift))
CHEAP_NAMES = [model.name for model in CHEAP]


def series(sales: npt.ArrayLike, department: str = "DELI", promotion_share: float = 0.2) -> Series:
    """Make a series from 2017-01-02 on."""
    values = np.asarray(sales, dtype=float)
    weeks = MONDAY + np.timedelta64(7, "D") * np.arange(len(values))
    return Series(department, weeks, values, np.full(len(values), promotion_share))


def frame(*many: Series) -> pd.DataFrame:
    """Make the rows that dbt hands over."""
    parts = [
        pd.DataFrame(
            {
                "department": one.department,
                "week_start": one.weeks,
                "sales": one.sales,
                "promotion_share": one.promotion_share,
            }
        )
        for one in many
    ]
    return pd.concat(parts, ignore_index=True)


def noise(weeks: int, seed: int, department: str = "DELI") -> Series:
    """Make independent weeks around 1,000."""
    return series(1000 + np.random.default_rng(seed).normal(0, 100, weeks), department)


def ahead(model: Forecaster, history: Series, horizon: int = 8) -> np.ndarray[Any, Any]:
    """Forecast one series."""
    return model.forecast([history], horizon)[0]


every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)


# ---- series and scope


def test_series_do_not_depend_on_the_order_of_rows() -> None:
    """Shuffled rows give the same series, sorted by name and week."""
    rows = frame(series([3, 1, 2], "PASTRY"), series([5, 6], "DELI"))
    found = read_series(rows.sample(frac=1, random_state=1))
    assert [(one.department, list(one.sales)) for one in found] == [("DELI", [5, 6]), ("PASTRY", [3, 1, 2])]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (frame(series([1, 2, 3])).drop(index=1), "missing or there twice in `DELI`: 2017-01-02"),
        (pd.concat([frame(series([1, 2])), frame(series([1]))]), "missing or there twice in `DELI`: 2017-01-02"),
        (frame(series([1, float("nan"), 3])), "a value is missing"),
    ],
    ids=["gap", "twice", "null"],
)
def test_gap_in_a_series_is_refused(rows: pd.DataFrame, message: str) -> None:
    """A week that is missing, there twice or without a value is an error, not a shorter series."""
    with pytest.raises(ValueError, match=message):
        read_series(rows)


@pytest.mark.parametrize(
    ("sales", "reason"),
    [
        ([1.0] * 5, "too short: 5 complete weeks since its first sale, 39 needed"),
        ([1.0] * 38, "too short: 38 complete weeks since its first sale, 39 needed"),
        ([1.0] * 39, None),
        ([1.0] * 36 + [0.0] * 4, None),
        ([1.0] * 35 + [0.0] * 5, "too sparse: sales in 35 of 40 weeks, 90% of them needed"),
        ([0.0] * 52, "too sparse: sales in 0 of 52 weeks, 90% of them needed"),
    ],
)
def test_series_that_cannot_be_forecast_has_a_reason(sales: list[float], reason: str | None) -> None:
    """A short or sparse series is told apart, with the numbers that decide."""
    assert reason_against(series(sales), Plan()) == reason
    assert bool(forecastable([series(sales)], Plan())) is (reason is None)


# ---- metrics, computed by hand


def test_naive_error_is_the_mean_change_from_week_to_week() -> None:
    """10, 12, 9, 13 change by 2, 3 and 4: 3 on average; a constant or a single week has none."""
    assert metrics.naive_error(np.array([10.0, 12, 9, 13])) == 3
    assert metrics.naive_error(np.array([7.0, 7, 7])) is None
    assert metrics.naive_error(np.array([7.0])) is None


def test_mase_scales_each_error_by_the_history_before_it() -> None:
    """Errors of 3 and -6 on scales 3 and 4 are 1 and 1.5; an error without a scale is left out."""
    assert metrics.mase(np.array([3.0, -6, 99]), np.array([3.0, 4, np.nan])) == 1.25
    assert metrics.mase(np.array([3.0]), np.array([np.nan])) is None


def test_percentage_error_is_weighted_where_sales_are_near_nought() -> None:
    """Errors of 10 and -20 on sales of 100 and 50 are 25 % on average and 20 % of the total; nought divides nothing."""
    errors, sales = np.array([10.0, -20]), np.array([100.0, 50])
    assert metrics.percentage_method(sales) == "mape"
    assert metrics.percentage_error(errors, sales, "mape") == 0.25
    assert metrics.percentage_error(errors, sales, "weighted") == 0.2
    assert metrics.percentage_method(np.array([100.0, 0])) == "weighted"
    assert metrics.percentage_error(errors, np.array([100.0, 0]), "weighted") == 0.3
    assert metrics.percentage_method(np.zeros(2)) == "undefined"
    assert metrics.percentage_error(errors, np.zeros(2), "undefined") is None


def test_bias_is_above_nought_where_too_much_was_forecast() -> None:
    """Errors of 10 and -4 on sales of 20 and 40 are 3 too much on average of 30: 10 %."""
    assert metrics.bias(np.array([10.0, -4]), np.array([20.0, 40])) == 0.1
    assert metrics.bias(np.array([1.0]), np.zeros(1)) is None


# ---- models on series with a known answer


@every_model
def test_constant_series_goes_on(model: Forecaster) -> None:
    """What was always 250 is forecast as 250."""
    assert ahead(model, series([250.0] * 40)) == pytest.approx([250.0] * 8)


@every_model
@pytest.mark.parametrize("sales", [[5.0], [4.0, 0, 3, 1, 2], [0.0] * 30, [0.0] * 20 + [90.0], [100.0, 0] * 15])
def test_zeros_and_short_series_give_numbers_that_can_be_sales(model: Forecaster, sales: list[float]) -> None:
    """Weeks without sales and histories of one or five weeks give finite forecasts, none below nought."""
    forecast = ahead(model, series(sales))
    assert forecast.shape == (8,)
    assert np.isfinite(forecast).all()
    assert (forecast >= 0).all()


@every_model
def test_falling_series_is_not_forecast_below_nought(model: Forecaster) -> None:
    """A line that would cross nought stops there."""
    assert (ahead(model, series(np.linspace(400, 10, 40))) >= 0).all()


def test_seasonal_naive_repeats_the_last_four_weeks() -> None:
    """After 1, 2, 3, 4 comes 1, 2, 3, 4, 1."""
    assert list(seasonal_naive(np.array([9.0, 1, 2, 3, 4]), 5)) == [1, 2, 3, 4, 1]


def test_drift_continues_the_line_from_first_to_last() -> None:
    """From 10 to 30 in four weeks is 5 a week: 35, 40."""
    assert list(drift(np.array([10.0, 99, 1, 2, 30]), 2)) == [35, 40]


def test_models_with_a_trend_continue_it() -> None:
    """On 100, 110, 120 … smoothing finds the slope, and theta at least half of it."""
    line = series(100 + 10.0 * np.arange(40))
    models = {model.name: model for model in MODELS}
    assert ahead(models["exponential_smoothing"], line) == pytest.approx(500 + 10.0 * np.arange(8), rel=0.01)
    assert ahead(models["theta"], line)[-1] > 490 + 0.5 * 80


def test_gradient_boosting_learns_a_season() -> None:
    """On a pattern of four weeks, of which it is not told, it is off by less than a fifth of what the mean would be."""
    pattern = np.tile([100.0, 200, 300, 400], 24)
    assert np.abs(ahead(GradientBoosting(), series(pattern)) - pattern[:8]).mean() < 20


def test_gradient_boosting_learns_from_all_departments() -> None:
    """A short series takes its season from a long one of quite another size."""
    pattern = np.tile([100.0, 200, 300, 400], 24)
    short = series(pattern[:12] / 125, "PASTRY")
    forecast = GradientBoosting().forecast([series(pattern), short], 4)[1]
    assert np.abs(forecast - pattern[:4] / 125).mean() < 20 / 125


def test_features_are_what_was_known_before_the_week() -> None:
    """Week 9, the second of March, is seen by weeks 1 to 8 alone; further ahead, promotions stay those last known."""
    history = Series("DELI", MONDAY + np.timedelta64(7, "D") * np.arange(10), np.arange(10.0), np.arange(10.0) / 10)
    row = _features(history, history.sales, np.array([9]))[0]
    assert list(row) == pytest.approx([5, 6, 7, 8, 6.5, 4.5, np.std(np.arange(1.0, 9)), 0.65, 1])
    further = _features(history, np.append(history.sales, [50.0, 60.0]), np.array([12]))[0]
    assert list(further[:4]) == [8, 9, 50, 60]
    assert further[7] == pytest.approx(0.75)


def test_week_of_month_is_nought_where_the_first_falls() -> None:
    """The week from 30 January to 5 February holds a first; that from 2 to 8 January comes after one."""
    weeks = np.array(["2017-01-30", "2017-01-02", "2017-05-01", "2017-05-29", "2017-06-26"], dtype="datetime64[D]")
    assert list(week_of_month(weeks)) == [0, 1, 0, 0, 0]


@every_model
def test_model_gives_the_same_twice(model: Forecaster) -> None:
    """Nothing random is left to chance."""
    many = [noise(30, 1), noise(30, 2, "PASTRY")]
    assert np.array_equal(model.forecast(many, 8), model.forecast(many, 8))


# ---- backtest


def test_backtest_compares_each_origin_with_the_weeks_after_it() -> None:
    """Seven weeks, four to learn from, two ahead: origins 4, 5 and 6, the last of which has one week to compare."""
    rows = run_backtest([series([10, 20, 10, 20, 30, 40, 50])], CHEAP[:1], SMALL)
    assert rows[["horizon", "sales", "forecast", "naive_error"]].to_numpy().tolist() == [
        [1, 30, 10, 10],
        [2, 40, 20, 10],
        [1, 40, 20, 10],
        [2, 50, 10, 10],
        [1, 50, 10, 10],
    ]
    assert (rows["target_week"] - rows["origin_week"] == pd.to_timedelta(7 * rows["horizon"], unit="D")).all()


def test_department_joins_the_backtest_when_it_is_old_enough() -> None:
    """A series that begins three weeks later has its first origin three weeks later."""
    late = noise(10, 2, "PASTRY")
    late = Series(late.department, late.weeks[3:], late.sales[3:], late.promotion_share[3:])
    rows = run_backtest([noise(10, 1), late], CHEAP, SMALL)
    first = rows.groupby("department")["origin_week"].min()
    assert first["PASTRY"] - first["DELI"] == pd.Timedelta(weeks=3)


@every_model
def test_changed_future_leaves_earlier_forecasts_as_they_were(model: Forecaster) -> None:
    """No forecast knows anything of a week after its origin, neither its sales nor its promotions."""
    plan = Plan(horizon=4, train_weeks=20)
    before = [noise(30, 1), noise(30, 2, "PASTRY")]
    cut = before[0].weeks[24]
    after = [
        Series(one.department, one.weeks, np.where(one.weeks > cut, 9e6, one.sales), (one.weeks > cut).astype(float))
        for one in before
    ]
    before = [Series(one.department, one.weeks, one.sales, np.zeros(len(one))) for one in before]
    known, changed = (run_backtest(many, [model], plan) for many in (before, after))
    early = known["origin_week"] <= pd.Timestamp(cut)
    assert early.sum() == 2 * 4 * 6  # departments, weeks ahead, origins
    assert known.loc[early, "forecast"].equals(changed.loc[early, "forecast"])
    assert not known.loc[~early, "forecast"].equals(changed.loc[~early, "forecast"])


# ---- ranking


def judged(errors: dict[str, list[float]], scale: float = 10.0, department: str = "DELI") -> pd.DataFrame:
    """Make a backtest of forecasts one week ahead, sales always 100, with these errors from the first origin on."""
    rows = [
        (department, model, pd.Timestamp(MONDAY) + pd.Timedelta(weeks=week), 1, 100.0, 100.0 + error, scale)
        for model, many in errors.items()
        for week, error in enumerate(many)
    ]
    made = pd.DataFrame(
        rows, columns=["department", "model", "origin_week", "horizon", "sales", "forecast", "naive_error"]
    )
    return made.assign(target_week=made["origin_week"] + pd.Timedelta(weeks=1))


def test_least_mase_wins() -> None:
    """Errors of 10 and 20 are a MASE of 1.5, errors of 5 and 15 one of 1."""
    ranked = rank_models(judged({"seasonal_naive": [10, -20], "drift": [5, 15]}), CHEAP_NAMES)
    assert ranked[["model", "model_rank", "mase", "mae", "bias"]].to_numpy().tolist() == [
        ["drift", 1, 1.0, 10.0, 0.1],
        ["seasonal_naive", 2, 1.5, 15.0, -0.05],
    ]


def test_simpler_model_wins_a_tie() -> None:
    """Scores that differ in the fourth digit are the same, whichever model is the better by it."""
    ranked = rank_models(judged({"seasonal_naive": [10.004], "drift": [10.0]}), CHEAP_NAMES)
    assert list(ranked["model"]) == ["seasonal_naive", "drift"]


def test_absolute_error_decides_where_sales_never_changed() -> None:
    """Without a naive error there is no MASE, and the models are ranked all the same."""
    ranked = rank_models(judged({"seasonal_naive": [10], "drift": [5]}, scale=float("nan")), CHEAP_NAMES)
    assert list(ranked["model"]) == ["drift", "seasonal_naive"]
    assert ranked["mase"].isna().all()


def test_errors_are_measured_by_horizon() -> None:
    """Each horizon has its own errors, over its own number of origins."""
    rows = run_backtest([series([10, 20, 10, 20, 30, 40, 50])], CHEAP[:1], SMALL)
    found = horizon_errors(rows)[["horizon", "forecasts", "mase", "mae"]].to_numpy().tolist()
    assert found == [[1, 3, pytest.approx(8 / 3), pytest.approx(80 / 3)], [2, 2, 3.0, 30.0]]


def test_choice_at_an_origin_knows_only_what_was_known_then() -> None:
    """Drift does better once two weeks are known, so it is chosen from the third origin on, not before."""
    rows = judged({"seasonal_naive": [10, 50, 50, 10], "drift": [20, 20, 20, 20]})
    assert list(choose_as_known(rows, CHEAP_NAMES)["model"]) == ["seasonal_naive", "drift", "drift"]


# ---- intervals


def test_half_width_is_the_conformal_rank() -> None:
    """Of 19 errors the 19th is for 95 %, of 9 the 8th for 80 %; 18 errors are too few for 95 %."""
    errors = np.arange(1.0, 20) * np.where(np.arange(19) % 2, 1, -1)
    assert half_width(errors, 0.95) == 19
    assert half_width(errors[:9], 0.80) == 8
    assert half_width(errors[:18], 0.95) is None
    assert half_width(errors[:0], 0.80) is None


def test_interval_ends_at_nought() -> None:
    """Sales of 10, give or take 30, are 0 to 40."""
    assert bounds(10, 30) == (0, 40)
    assert bounds(10, None) == (None, None)


def test_bands_of_horizons_calibrate_apart() -> None:
    """Errors one and two weeks ahead are one set, those three weeks ahead another."""
    rows = judged({"drift": [1, 2, 3]}).assign(horizon=[1, 2, 3])
    found = calibrate(rows, SMALL)
    assert {key: list(errors) for key, errors in found.items()} == {("DELI", 0): [1, 2], ("DELI", 1): [3]}


def test_intervals_cover_what_they_say_where_weeks_are_alike() -> None:
    """On independent weeks the measured coverage is about the level, for each of them."""
    rows = run_backtest([noise(200, seed, f"D{seed}") for seed in range(4)], CHEAP, Plan())
    found = (
        measure_coverage(choose_as_known(rows, CHEAP_NAMES), Plan()).groupby("level")[["covered", "intervals"]].sum()
    )
    coverage = found["covered"] / found["intervals"]
    assert coverage[0.80] == pytest.approx(0.80, abs=0.04)
    assert coverage[0.95] == pytest.approx(0.95, abs=0.03)


def test_coverage_is_measured_on_weeks_after_the_calibration() -> None:
    """After small errors for long, one large error is not covered, though it would be by an interval that knew it."""
    rows = judged({"seasonal_naive": [1.0] * 30 + [500.0]})
    last = measure_coverage(choose_as_known(rows, ["seasonal_naive"]), Plan())
    assert last[["level", "intervals", "covered"]].to_numpy().tolist() == [[0.8, 11, 10], [0.95, 11, 10]]


# ---- the steps that dbt calls


def test_steps_do_not_depend_on_the_order_of_rows() -> None:
    """Shuffled rows give the same tables to the cent."""
    weekly = frame(noise(41, 1), noise(41, 2, "PASTRY"))
    backtest = steps.backtest(weekly)
    mixed = steps.backtest(weekly.sample(frac=1, random_state=3))
    assert mixed.equals(backtest)
    rows = tables.to_frame(backtest)
    shuffled = rows.sample(frac=1, random_state=4)
    for step in (steps.errors, steps.ranking, steps.coverage):
        assert step(shuffled).equals(step(rows))
    assert steps.forecast(weekly.sample(frac=1, random_state=5), shuffled).equals(steps.forecast(weekly, rows))


def test_steps_without_anything_to_forecast_give_empty_tables() -> None:
    """Where every series is too short, there are reasons and no rows, and no step fails."""
    weekly = frame(series([1.0] * 5))
    assert steps.scope(weekly).column("reason").to_pylist()[0].startswith("too short: 5 ")
    backtest = tables.to_frame(steps.backtest(weekly))
    for step in (steps.errors, steps.ranking, steps.coverage):
        assert step(backtest).num_rows == 0
    assert steps.forecast(weekly, backtest).num_rows == 0
    assert steps.scope(weekly.iloc[:0]).num_rows == 0


# ---- the whole lab


def build(run_lab: Any, labs_dir: Path, raw: dict[str, str]) -> duckdb.DuckDBPyConnection:
    """Load and build the lab from these files, and open what it made."""
    folder = labs_dir / "lab2_forecast_model"
    shutil.copytree(LABS / "lab2_forecast_model/tests", folder / "tests", dirs_exist_ok=True)
    (folder / "data/raw").mkdir(parents=True)
    for table, text in raw.items():
        (folder / f"data/raw/{table}.csv").write_text(text)
    run_lab("lab2_forecast_model", "load", "transform", PIXI_ENVIRONMENT_NAME="lab-forecast")
    return duckdb.connect(folder / "data/lab2_forecast_model.duckdb", read_only=True)


def sold(product: int, week: int, dollars: float) -> str:
    """A purchase at noon on the Wednesday of a week that is counted from 2017-01-02."""
    day = date(2017, 1, 4) + timedelta(weeks=week)
    return f"{week},{product},{day} 17:00:00,{week + 2},{dollars:.2f},0.00"


def small_files() -> dict[str, str]:
    """DELI always sells 100, FUEL 10 more each week; PASTRY misses a week, TOYS most of them; 42 complete weeks."""
    weeks = range(42)
    purchases = [sold(1, week, 100) for week in weeks]
    purchases += [sold(2, week, 10 * (week + 1)) for week in weeks]
    purchases += [sold(3, week, 50) for week in weeks if week != 30]
    purchases += [sold(4, week, 5) for week in (38, 40)]
    # A product that is not listed, in the week before the first complete one; and the last day of the last week.
    purchases += ["900,9,2017-01-01 17:00:00,1,7.77,0.00", "901,1,2017-10-22 17:00:00,43,0.00,0.00"]
    header = "basket_id,product_id,transaction_timestamp,week,sales_value,retail_disc"
    return {
        "transactions": "\n".join([header, *purchases]) + "\n",
        "products": "product_id,department\n1,DELI\n2,FUEL\n3,PASTRY\n4,TOYS\n",
    }


def test_lab_gives_the_answers_that_are_known(run_lab: Any, labs_dir: Path) -> None:
    """A constant is forecast as it is, a line is continued, a gap is nought, and what is too short is named."""
    with build(run_lab, labs_dir, small_files()) as lab:
        scope = lab.sql("select department, is_forecast, reason, sales from gold.forecast_scope order by 1").fetchall()
        assert scope == [
            ("(no department)", False, "too short: no complete week", Decimal("7.77")),
            ("DELI", True, None, Decimal("4200.00")),
            ("FUEL", True, None, Decimal("9030.00")),
            ("PASTRY", True, None, Decimal("2050.00")),
            ("TOYS", False, "too short: 4 complete weeks since its first sale, 39 needed", Decimal("10.00")),
        ]
        forecasts = lab.sql(
            "select week_start, model, forecast, lower_95, upper_95 from gold.forecast where department = $1",
            params=["DELI"],
        ).fetchall()
        hundred = Decimal("100.00")
        mondays = [date(2017, 10, 23) + timedelta(weeks=week) for week in range(8)]
        assert forecasts == [(monday, "seasonal_naive", hundred, hundred, hundred) for monday in mondays]
        fuel = lab.sql(
            "select model, forecast from gold.forecast where department = 'FUEL' order by horizon"
        ).fetchall()
        assert fuel == [("drift", Decimal(430 + 10 * week)) for week in range(8)]
        pastry = "from gold.weekly_sales where department = 'PASTRY'"
        assert lab.sql(f"select sales {pastry} and week_start = '2017-07-31'").fetchall() == [(Decimal("0.00"),)]
        methods = lab.sql(
            "select distinct department, percentage_method from gold.backtest_errors order by 1"
        ).fetchall()
        assert methods == [("DELI", "mape"), ("FUEL", "mape"), ("PASTRY", "weighted")]
        won = lab.sql("select department, mase, mae from gold.model_ranking where is_winner order by 1").fetchall()
        assert won[:2] == [("DELI", None, Decimal("0.00")), ("FUEL", pytest.approx(0, abs=1e-9), Decimal("0.00"))]
        assert lab.sql("select min(coverage) from gold.interval_coverage where department = 'DELI'").fetchall() == [
            (1.0,)
        ]
    run_unit_tests(labs_dir / "lab2_forecast_model")


def run_unit_tests(folder: Path) -> None:
    """Run the unit tests of the lab's SQL, on the relations that are there."""
    command = [str(Path(sys.executable).with_name("dbt")), "test", "--select", "test_type:unit"]
    done = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "3 unit tests" in done.stdout


def test_lab_on_real_sales_keeps_every_cent(run_lab: Any, labs_dir: Path, demo_dir: Path) -> None:
    """On three real departments and TOYS totals are raw's, each has its forecast or a reason, and intervals nest."""
    query = (LABS / "lab2_forecast_model/extract/transactions.sql").read_text()
    departments = "('SALAD BAR', 'SEAFOOD', 'FLORAL', 'TOYS')"
    with duckdb.connect() as demo:
        demo.execute(f"set variable demo = '{demo_dir}'")
        demo.sql(f"from '{demo_dir}/products.parquet' where department in {departments}").create("products")
        rows = demo.sql(query).filter("product_id in (select product_id from products)").order("basket_id, product_id")
        total = rows.sum("sales_value").fetchall()[0][0]
        rows.to_csv(str(labs_dir / "transactions.csv"), header=True)
        demo.table("products").select("product_id, department").to_csv(str(labs_dir / "products.csv"), header=True)
    raw = {table: (labs_dir / f"{table}.csv").read_text() for table in ("transactions", "products")}
    with build(run_lab, labs_dir, raw) as lab:
        assert lab.sql("select sum(sales) from gold.forecast_scope").fetchall() == [(total,)]
        assert lab.sql(
            "select count(*), count(distinct department), min(horizon), max(horizon) from gold.forecast"
        ).fetchall() == [(24, 3, 1, 8)]
        reasons = lab.sql("select department from gold.forecast_scope where reason is not null").fetchall()
        assert reasons == [("TOYS",)]
        wrong = "not (0 <= lower_95 and lower_95 <= lower_80 and lower_80 <= forecast and upper_80 <= upper_95)"
        assert lab.sql(f"select * from gold.forecast where {wrong}").fetchall() == []
        assert lab.sql("select count(*) from gold.model_ranking where is_winner").fetchall() == [(3,)]
        assert lab.sql("select count(*) from gold.backtest_errors").fetchall() == [(3 * 5 * 8,)]
        (coverage,) = lab.sql(
            "select sum(covered) / sum(intervals) from gold.interval_coverage where level = 0.95"
        ).fetchall()
        assert 0.8 < coverage[0] <= 1
