import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium")

with app.setup:
    import altair as alt
    import marimo as mo
    import pandas as pd
    from research import lifetime_value
    from research.bg_nbd import fit_bg_nbd
    from research.gamma_gamma import fit_gamma_gamma
    from research.showing import show
    from research.study import open_study


@app.cell
def _():
    study = open_study("customer_lifetime_value")
    return (study,)


@app.cell
def _(study):
    mo.md(f"""
    # {study.title}

    BG/NBD tells how often a household will come again and whether it still comes at all, the gamma-gamma model what
    it spends each time. Both see the days until {study.parameters["calibration_end"]}; the
    {study.parameters["holdout_weeks"]} weeks after that are what they are held against. A purchase is a day on which
    the household came.
    """)
    return


@app.cell
def _(study):
    visits = study.read(
        visits=f"""
            select household_id, transaction_date as day, cast(sum(sales_value) as decimal(18, 2)) as spend
            from core.fct_sales
            where {study.sampled("household_id")}
            group by household_id, transaction_date
        """
    )["visits"]
    return (visits,)


@app.cell
def _(study, visits):
    until = pd.Timestamp(study.parameters["calibration_end"])
    weeks = study.parameters["holdout_weeks"]
    customers = lifetime_value.summarise(visits, until=until, holdout_weeks=weeks)
    study.metric("households", len(customers))
    return customers, until, weeks


@app.cell
def _(customers, study):
    buying = fit_bg_nbd(*lifetime_value.columns(customers))
    spending = fit_gamma_gamma(customers["frequency"].to_numpy(), customers["mean_spend"].to_numpy())
    for _name in ("r", "alpha", "a", "b"):
        study.metric(f"bg_nbd_{_name}", getattr(buying, _name))
    for _name in ("p", "q", "v"):
        study.metric(f"gamma_gamma_{_name}", getattr(spending, _name))
    return buying, spending


@app.cell
def _(buying, customers, spending, study):
    _repeat = customers[customers["frequency"] > 0]
    independence = _repeat["frequency"].corr(_repeat["mean_spend"])
    study.metric("frequency_spend_correlation", independence)
    mo.md(f"""
    ## The models

    BG/NBD: r = {buying.r:.3f}, α = {buying.alpha:.3f} weeks, a = {buying.a:.4f}, b = {buying.b:.2f}. The mean chance
    to stop coming is {buying.a / (buying.a + buying.b):.2%} after each purchase. Gamma-gamma: p = {spending.p:.3f}, q
    = {spending.q:.3f}, v = {spending.v:.1f}. It needs spend to be independent of how often somebody comes: the
    correlation is {independence:.3f}.
    """)
    return


@app.cell
def _(buying, customers, spending, study, weeks):
    forecast = lifetime_value.predict(customers, buying, spending, weeks=weeks)
    _rows = []
    for _label, _what, _column, _came in (
        ("BG/NBD", "purchases", "expected_purchases", "later_purchases"),
        ("as often as before", "purchases", "same_rate", "later_purchases"),
        ("BG/NBD and gamma-gamma", "spend", "expected_spend", "later_spend"),
        ("as much as before", "spend", "same_rate_spend", "later_spend"),
    ):
        _fit = lifetime_value.accuracy(forecast[_column], forecast[_came])
        study.metric(f"{_column}_ratio", _fit.ratio)
        study.metric(f"{_column}_error", _fit.mean_error)
        study.metric(f"{_column}_correlation", _fit.correlation)
        _rows.append(
            {
                "forecast": _label,
                "of": _what,
                "forecast / came": _fit.ratio,
                "mean error": _fit.mean_error,
                "correlation": _fit.correlation,
            }
        )
    held_out = pd.DataFrame(_rows)
    return forecast, held_out


@app.cell
def _(held_out, weeks):
    show(
        mo.md(f"""
        ## Held against the {weeks} weeks after

        Errors are those of one household. The forecast to beat is that everybody goes on as before.
        """),
        held_out,
    )
    return


@app.cell
def _(forecast, study):
    groups = lifetime_value.by_forecast(forecast, study.parameters["groups"])
    _long = groups.rename(columns={"expected_purchases": "forecast", "later_purchases": "came"}).melt(
        "group", ["forecast", "came"], "what", "purchases"
    )
    show(
        alt.Chart(_long, title="Purchases a household, by group of the forecast", width=560, height=260)
        .mark_line(point=True)
        .encode(x=alt.X("group:O", title="group"), y=alt.Y("purchases:Q"), color=alt.Color("what:N", title=None)),
        groups,
    )
    return


@app.cell
def _(forecast):
    _labels = ["to 50 %", "50 to 90 %", "90 to 99 %", "over 99 %"]
    _bins = pd.cut(forecast["probability_active"], [-1, 0.5, 0.9, 0.99, 1.0], labels=_labels)
    _came = forecast.assign(came=forecast["later_purchases"] > 0).groupby(_bins, observed=True)
    activity = (
        _came.agg(households=("came", "size"), forecast=("probability_active", "mean"), came=("came", "mean"))
        .reset_index()
        .rename(columns={"probability_active": "probability"})
    )
    show(mo.md("## Who still comes? The probability to be active, and the share that came again"), activity)
    return


@app.cell
def _(buying, customers, spending, study):
    value = lifetime_value.lifetime_value(
        customers,
        buying,
        spending,
        weeks=study.parameters["horizon_weeks"],
        yearly_discount=study.parameters["yearly_discount"],
    )
    study.metric("value_mean", value.mean())
    study.metric("value_median", value.median())
    study.metric("value_share_of_top_tenth", value.nlargest(max(1, len(value) // 10)).sum() / value.sum())
    return (value,)


@app.cell
def _(study, until, value):
    show(
        mo.md(f"""
        ## Lifetime value

        Expected spend in the {study.parameters["horizon_weeks"]} weeks after {until:%Y-%m-%d}, discounted by
        {study.parameters["yearly_discount"]:.0%} a year: {value.mean():,.0f} a household on average, half of them
        below {value.median():,.0f}. The tenth that is worth most holds
        {study.metrics["value_share_of_top_tenth"]:.0%} of the value. It is revenue: what it costs is not in the
        warehouse.
        """),
        alt.Chart(
            value.clip(upper=value.quantile(0.99)).to_frame(),
            title="Households by lifetime value (the highest hundredth folded in)",
            width=560,
            height=220,
        )
        .transform_bin("bin", "lifetime_value", bin=alt.Bin(maxbins=40))
        .mark_bar()
        .encode(
            x=alt.X("bin:Q", bin="binned", title="lifetime value"),
            x2="bin_end:Q",
            y=alt.Y("count()", title="households"),
        ),
    )
    return


@app.cell
def _():
    mo.md("""
    ## What this does not say

    - These households were chosen because they come often, and most were customers before the data begins: their first
      purchase here is not their first one. BG/NBD takes it for that.
    - One year shows no seasons: a forecast for the last quarter made from the first three cannot know of the holidays.
    """)
    return


if __name__ == "__main__":
    app.run()
