import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium")

with app.setup:
    import altair as alt
    import marimo as mo
    import pandas as pd
    from research import demand
    from research.showing import show
    from research.study import open_study


@app.cell
def _():
    study = open_study("demand_forecast")
    return (study,)


@app.cell
def _(study):
    mo.md(f"""
    # {study.title}

    Daily sales of the {study.parameters["departments"]} largest departments. Each of the last
    {study.parameters["windows"]} periods of {study.parameters["horizon_days"]} days is forecast from the days before
    it alone. The forecast to beat is the seasonal naive one: every day as a week before. Days and not weeks, since in
    one year of weeks no season comes twice, and there would be nothing seasonal to beat.
    """)
    return


@app.cell
def _(study):
    sales = study.read(
        sales=f"""
            select product.department, sale.transaction_date as day,
                cast(sum(sale.sales_value) as decimal(18, 2)) as sales
            from core.fct_sales as sale
            inner join core.dim_product as product on sale.product_key = product.product_key
            where {study.sampled("household_id")}
            group by product.department, sale.transaction_date
        """
    )["sales"]
    return (sales,)


@app.cell
def _(sales, study):
    history = demand.series(
        sales, departments=study.parameters["departments"], last=pd.Timestamp(study.parameters["last_day"])
    )
    study.metric("departments", history["unique_id"].nunique())
    study.metric("days", history["ds"].nunique())
    return (history,)


@app.cell
def _(history, study):
    forecasts = demand.backtest(
        history,
        horizon=study.parameters["horizon_days"],
        windows=study.parameters["windows"],
        step=study.parameters["horizon_days"],
        levels=study.parameters["levels"],
    )
    return (forecasts,)


@app.cell
def _(forecasts, history, study):
    errors = demand.mase(forecasts, history)
    means = errors.groupby("model")["mase"].mean()
    for _model, _mase in means.items():
        study.metric(f"mase_{_model}", _mase)
    best = means.idxmin()
    study.metric("mase_best_by_naive", means[best] / means[demand.BASELINE])
    _better = errors.pivot(index="department", columns="model", values="mase")
    better = int((_better[best] < _better[demand.BASELINE]).sum())
    return best, better, errors, means


@app.cell
def _(best, better, errors, means):
    _table = errors.pivot(index="department", columns="model", values="mase").reset_index()
    show(
        mo.md(f"""
        ## Errors

        The mean absolute scaled error (MASE): 1 is the error that the seasonal naive forecast made for the day after
        in the days before. `{best}` is best on average, with {means[best]:.3f} against {means[demand.BASELINE]:.3f}
        of the seasonal naive forecast, and better than it in {better} of {len(_table)} departments.
        """),
        _table,
        alt.Chart(errors, title="MASE by department and model", width=520, height=26 * len(_table))
        .mark_point(filled=True, size=70)
        .encode(x="mase:Q", y=alt.Y("department:N", title=None), color="model:N"),
    )
    return


@app.cell
def _(forecasts, study):
    covered = demand.coverage(forecasts, study.parameters["levels"])
    for _row in covered.itertuples():
        study.metric(f"coverage_{_row.promised * 100:.0f}_{_row.model}", _row.covered)
    show(
        mo.md("""
        ## Intervals

        The share of days on which sales lay inside the interval. Less than promised means that the interval is too
        narrow to plan with.
        """),
        covered,
    )
    return


@app.cell
def _(best, forecasts, history, study):
    _largest = history.groupby("unique_id")["y"].sum().idxmax()
    _level = max(study.parameters["levels"])
    _shown = forecasts[forecasts["unique_id"] == _largest].rename(
        columns={best: "forecast", f"{best}-lo-{_level}": "low", f"{best}-hi-{_level}": "high"}
    )[["ds", "y", "forecast", "low", "high"]]
    _days = alt.Chart(_shown).encode(x=alt.X("ds:T", title=None))
    show(
        mo.md(f"## {_largest}: `{best}` with its {_level} % interval"),
        (
            _days.mark_area(opacity=0.2).encode(y=alt.Y("low:Q", title="sales a day"), y2="high:Q")
            + _days.mark_line().encode(y="forecast:Q")
            + _days.mark_point(filled=True, size=14, color="black").encode(y="y:Q")
        ).properties(width=620, height=260, title="Forecast (line), interval (area) and sales (points)"),
    )
    return


@app.cell
def _():
    mo.md("""
    ## What this does not say

    - No model knows of Thanksgiving or Christmas: one year holds each once. The last windows contain both.
    - MASE is averaged over departments, so a small one counts as much as a large one.
    """)
    return


if __name__ == "__main__":
    app.run()
