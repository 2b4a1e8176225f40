"""The lifetime value models: what was published of them, and what follows from their making."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from research import lifetime_value
from research.bg_nbd import BgNbd, fit_bg_nbd
from research.gamma_gamma import GammaGamma, fit_gamma_gamma

from shared.errors import InputError

Array = npt.NDArray[np.float64]
DATA = "lifetimes/datasets/cdnow_customers_summary_with_transactions.csv"


@pytest.fixture(scope="module")
def cdnow() -> dict[str, Array]:
    """Return the 2,357 CDNOW customers on which both models were published: x, t_x and T in weeks, mean spend."""
    file = next(file for file in metadata.files("lifetimes") or () if str(file) == DATA)
    rows = pd.read_csv(Path(str(file.locate())))
    return {name: rows[name].to_numpy(float) for name in ("x", "t_x", "T", "zbar")}


def simulate(customers: int, model: BgNbd, weeks: float, later: float, seed: int) -> tuple[Array, Array, Array, Array]:
    """Return customers who buy as the model says: x, t_x, T, and their purchases in the time after."""
    generator = np.random.default_rng(seed)
    rates = generator.gamma(model.r, 1 / model.alpha, customers)
    chances = generator.beta(model.a, model.b, customers)
    rows = []
    for rate, chance in zip(rates, chances, strict=True):
        times, time, alive = [], 0.0, True
        while alive:
            time += generator.exponential(1 / rate)
            if time > weeks + later:
                break
            times.append(time)
            alive = generator.random() >= chance
        known = [time for time in times if time <= weeks]
        rows.append((len(known), known[-1] if known else 0.0, weeks, len(times) - len(known)))
    x, t, age, came = np.array(rows, dtype=float).T
    return x, t, age, came


def test_bg_nbd_gives_the_published_parameters(cdnow: dict[str, Array]) -> None:
    """On CDNOW the fit is that of the paper: r 0.243, alpha 4.414, a 0.793, b 2.426, log-likelihood -9582.4."""
    model = fit_bg_nbd(cdnow["x"], cdnow["t_x"], cdnow["T"])
    assert (model.r, model.alpha, model.a, model.b) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=6e-4)
    assert model.log_likelihood == pytest.approx(-9582.4, abs=0.05)


def test_bg_nbd_forecasts_the_published_customer() -> None:
    """The paper's customer with x = 2, t_x = 30.43, T = 38.86 is expected to buy 1.226 times in 39 weeks."""
    model = BgNbd(0.243, 4.414, 0.793, 2.426, 0.0)
    expected = model.expected_purchases(39, np.array([2.0]), np.array([30.43]), np.array([38.86]))
    assert expected[0] == pytest.approx(1.226, abs=2e-3)


def test_gamma_gamma_gives_the_published_parameters(cdnow: dict[str, Array]) -> None:
    """On the 946 CDNOW customers who came back the fit is that of the note: p 6.25, q 3.74, v 15.44."""
    model = fit_gamma_gamma(cdnow["x"], cdnow["zbar"])
    assert (model.p, model.q, model.v) == pytest.approx((6.25, 3.74, 15.44), abs=0.02)


def test_bg_nbd_finds_what_customers_were_simulated_with() -> None:
    """A fit to simulated customers finds their parameters, and forecasts their purchases."""
    truth = BgNbd(0.8, 3.0, 0.7, 2.5, 0.0)
    x, t, age, came = simulate(4000, truth, weeks=40, later=20, seed=7)
    model = fit_bg_nbd(x, t, age)
    assert model.r / model.alpha == pytest.approx(truth.r / truth.alpha, rel=0.1)
    assert model.a / (model.a + model.b) == pytest.approx(truth.a / (truth.a + truth.b), rel=0.15)
    assert model.expected_purchases(20, x, t, age).sum() == pytest.approx(came.sum(), rel=0.07)


def test_bg_nbd_does_not_depend_on_the_unit_of_time(cdnow: dict[str, Array]) -> None:
    """In days instead of weeks only alpha changes, by seven."""
    weeks = fit_bg_nbd(cdnow["x"], cdnow["t_x"], cdnow["T"])
    days = fit_bg_nbd(cdnow["x"], 7 * cdnow["t_x"], 7 * cdnow["T"])
    assert (days.r, days.alpha / 7, days.a, days.b) == pytest.approx((weeks.r, weeks.alpha, weeks.a, weeks.b), rel=1e-3)


def test_bg_nbd_bears_customers_who_come_every_day() -> None:
    """Hundreds of purchases give a finite forecast, near what they did so far."""
    model = BgNbd(1.4, 1.36, 0.033, 31.7, 0.0)
    expected = model.expected_purchases(13, np.array([270.0, 900.0]), np.array([38.6, 38.7]), np.array([38.7, 38.7]))
    assert expected == pytest.approx(np.array([270.0, 900.0]) / 38.7 * 13, rel=0.2)


def test_activity_falls_with_silence() -> None:
    """Who has never come back counts as active; of the others, the longer silent the less probably."""
    model = BgNbd(0.243, 4.414, 0.793, 2.426, 0.0)
    active = model.probability_active(np.array([0.0, 5, 5, 5]), np.array([0.0, 38, 20, 5]), np.full(4, 38.86))
    assert active[0] == 1
    assert 1 > active[1] > active[2] > active[3] > 0


def test_spend_is_between_the_customers_own_and_that_of_all() -> None:
    """The more purchases are known, the nearer the expected spend is to the customer's own mean."""
    model = GammaGamma(6.25, 3.74, 15.44)
    few, many = model.expected_spend(np.array([1.0, 50.0]), np.array([100.0, 100.0]))
    everybody = model.p * model.v / (model.q - 1)
    assert everybody < few < many < 100


def test_too_few_customers_are_refused() -> None:
    """Nothing is fitted where nobody has come back, and the error says what to do."""
    nobody = np.zeros(50)
    with pytest.raises(InputError, match="too few customers who have come back: `0` of `50`") as refused:
        fit_bg_nbd(nobody, nobody, nobody + 10)
    assert refused.value.hint
    with pytest.raises(InputError, match="too few customers with spend: `0`"):
        fit_gamma_gamma(nobody, nobody)


def visits(*rows: tuple[int, str, float]) -> pd.DataFrame:
    """Return visits as the warehouse gives them."""
    frame = pd.DataFrame(rows, columns=["household_id", "day", "spend"])
    return frame.assign(day=pd.to_datetime(frame["day"]))


def test_customers_are_summed_up_until_the_day() -> None:
    """Only days until the calibration's end count for the models, and only those of the holdout for the comparison."""
    frame = visits(
        (1, "2017-01-01", 10),
        (1, "2017-01-08", 20),
        (1, "2017-01-15", 40),
        (1, "2017-01-31", 5),
        (1, "2017-02-10", 7),
        (1, "2017-02-20", 99),
        (2, "2017-01-15", 1),
        (3, "2017-02-01", 1),
    )
    customers = lifetime_value.summarise(frame, until=pd.Timestamp("2017-01-29"), holdout_weeks=2)
    assert customers.loc[1].to_dict() == {
        "frequency": 2,
        "recency": 2,
        "age": 4,
        "mean_spend": 30,
        "later_purchases": 2,
        "later_spend": 12,
    }
    assert customers.loc[2, ["frequency", "recency", "later_purchases"]].tolist() == [0, 0, 0]
    assert list(customers.index) == [1, 2]


def test_the_last_day_that_models_may_know_of_counts() -> None:
    """What is bought on the day itself is known, and is not among what followed."""
    frame = visits((1, "2017-01-22", 10), (1, "2017-01-29", 20))
    customers = lifetime_value.summarise(frame, until=pd.Timestamp("2017-01-29"), holdout_weeks=2)
    assert customers.loc[1, ["frequency", "mean_spend", "later_purchases"]].tolist() == [1, 20, 0]


def test_nobody_until_the_day_is_an_error() -> None:
    """A calibration that ends before the data begins is refused."""
    with pytest.raises(InputError, match="no purchases until: `2016-12-31`"):
        lifetime_value.summarise(visits((1, "2017-01-01", 1)), until=pd.Timestamp("2016-12-31"), holdout_weeks=1)


def test_value_without_discount_is_expected_purchases_times_spend() -> None:
    """Weeks added up are the whole time, and a discount takes some of it away."""
    model, spending = BgNbd(0.8, 3.0, 0.7, 2.5, 0.0), GammaGamma(6.25, 3.74, 15.44)
    customers = lifetime_value.summarise(
        visits(*[(1, f"2017-01-{day:02}", 30.0) for day in (1, 8, 15, 22)]),
        until=pd.Timestamp("2017-01-29"),
        holdout_weeks=4,
    )
    plain = lifetime_value.lifetime_value(customers, model, spending, weeks=52, yearly_discount=0.0)
    whole = lifetime_value.predict(customers, model, spending, weeks=52)["expected_spend"]
    assert plain.tolist() == pytest.approx(whole.tolist())
    discounted = lifetime_value.lifetime_value(customers, model, spending, weeks=52, yearly_discount=0.1)
    assert 0.9 * plain[1] < discounted[1] < plain[1]


def test_groups_are_ordered_by_forecast() -> None:
    """The groups hold equally many customers, those who are expected least first."""
    customers = pd.DataFrame(
        {name: np.arange(20.0) for name in ("expected_purchases", "later_purchases", "expected_spend", "later_spend")}
    )
    groups = lifetime_value.by_forecast(customers, 4)
    assert groups["customers"].tolist() == [5, 5, 5, 5]
    assert groups["expected_purchases"].is_monotonic_increasing


def test_accuracy_of_a_perfect_forecast() -> None:
    """A forecast that comes true has ratio 1, error 0 and correlation 1."""
    came = pd.Series([1.0, 2.0, 4.0])
    fit = lifetime_value.accuracy(came, came)
    assert (fit.ratio, fit.mean_error, fit.correlation) == pytest.approx((1.0, 0.0, 1.0))
