import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium")

with app.setup:
    import altair as alt
    import marimo as mo
    import numpy as np
    import pandas as pd
    from research import lift
    from research.showing import show
    from research.study import open_study


@app.cell
def _():
    study = open_study("promotion_lift")
    return (study,)


@app.cell
def _(study):
    mo.md(f"""
    # {study.title}

    Households that get a campaign's coupons are chosen, and spend more than others anyway. So each is compared with
    itself, {study.parameters["weeks"]} weeks before and after the campaign's start, and its change with that of
    households that no campaign reached at the time: a difference in differences. The same between two windows before
    the start is a placebo, which has to give nothing where both groups would have gone the same way.
    """)
    return


@app.cell
def _(study):
    data = study.read(
        visits=f"""
            select household_id, transaction_date as day, cast(sum(sales_value) as decimal(18, 2)) as spend
            from core.fct_sales
            where {study.sampled("household_id")}
            group by household_id, transaction_date
        """,
        campaigns="select campaign_id, campaign_type, starts_on, ends_on from core.dim_campaign",
        reached=f"""
            select campaign_id, household_id from core.fct_campaign_households where {study.sampled("household_id")}
        """,
        redeemed=f"""
            select distinct campaign_id, household_id from core.fct_coupon_redemptions
            where {study.sampled("household_id")}
        """,
    )
    return (data,)


@app.cell
def _(data, study):
    spend = lift.daily_spend(
        data["visits"], pd.Timestamp(study.parameters["first_day"]), pd.Timestamp(study.parameters["last_day"])
    )
    campaigns = data["campaigns"].sort_values("starts_on", ignore_index=True)
    stack = lift.windows(spend, campaigns, data["reached"], weeks=study.parameters["weeks"])
    study.metric("campaigns", len(stack))
    study.metric("households_reached", sum(window.treated.sum() for window in stack))
    return campaigns, spend, stack


@app.cell
def _(spend, stack, study):
    def measured(windows):
        """Return the estimate, and its bootstrap with all of a household's weeks drawn together."""
        estimate = lift.estimate(windows, np.ones(len(spend)))
        draws = lift.bootstrap(
            len(spend),
            lambda weights: lift.estimate(windows, weights),
            draws=study.parameters["draws"],
            seed=study.parameters["seed"],
        )
        return estimate, draws

    effect, draws = measured(stack)
    return draws, effect, measured


@app.cell
def _(data, draws, effect, spend, stack, study):
    _level = study.parameters["level"]

    def _row(label, value, values=None):
        low, high = lift.interval(values, _level) if values is not None else (float("nan"), float("nan"))
        return {"estimate": label, "a week and household": value, "from": low, "to": high}

    _redeemers = lift.redeemers(stack, data["redeemed"], spend.index)
    answers = pd.DataFrame(
        [
            _row("reached against others, after the start", lift.naive(stack)),
            _row("redeemers against other reached, change", _redeemers),
            _row("difference in differences", effect.amount, draws["amount"]),
            _row("placebo before the start", effect.placebo, draws["placebo"]),
            _row("difference less placebo", effect.amount - effect.placebo, draws["amount"] - draws["placebo"]),
        ]
    )
    study.metric("naive", lift.naive(stack))
    study.metric("redeemers_change", _redeemers)
    for _name, _value, _values in (
        ("lift", effect.amount, draws["amount"]),
        ("lift_share", effect.share, draws["share"]),
        ("placebo", effect.placebo, draws["placebo"]),
        ("lift_less_placebo", effect.amount - effect.placebo, draws["amount"] - draws["placebo"]),
    ):
        study.metric(_name, _value)
        _low, _high = lift.interval(_values, _level)
        study.metric(f"{_name}_low", _low)
        study.metric(f"{_name}_high", _high)
    return (answers,)


@app.cell
def _(answers, effect, study):
    show(
        mo.md(f"""
        ## All campaigns together

        Spend a week and household, with {study.parameters["level"]:.0%} intervals of a bootstrap that draws
        households. In proportion to what those reached would have spent, the difference is {effect.share:+.1%}.
        """),
        answers,
        mo.md("""
        The first two rows are no effects. Those who were chosen buy more with or without a campaign, and who comes
        more often meets more occasions to redeem a coupon. If the placebo's interval leaves out 0, both groups went
        different ways already; the last row takes that trend for one that would have gone on, which is an assumption.
        """),
    )
    return


@app.cell
def _(campaigns, measured, stack, study):
    _types = campaigns.set_index("campaign_id")["campaign_type"]
    _rows = []
    for _type in sorted(_types.unique()):
        _windows = [window for window in stack if _types[window.campaign_id] == _type]
        if _windows:
            _effect, _draws = measured(_windows)
            for _name in ("amount", "placebo"):
                _low, _high = lift.interval(_draws[_name], study.parameters["level"])
                _rows.append(
                    {
                        "type": _type,
                        "campaigns": len(_windows),
                        "households": sum(window.treated.sum() for window in _windows),
                        "what": {"amount": "lift", "placebo": "placebo"}[_name],
                        "estimate": getattr(_effect, _name),
                        "from": _low,
                        "to": _high,
                    }
                )
    by_type = pd.DataFrame(_rows)
    return (by_type,)


@app.cell
def _(by_type):
    _base = alt.Chart(by_type).encode(y=alt.Y("what:N", title=None), color=alt.Color("what:N", legend=None))
    _interval = _base.mark_rule(strokeWidth=2).encode(
        x=alt.X("from:Q", title="spend a week and household"), x2=alt.X2("to:Q")
    )
    _points = _base.mark_point(filled=True, size=70).encode(x="estimate:Q")
    show(
        mo.md("## By type of campaign"),
        (_interval + _points)
        .properties(width=500, height=60)
        .facet(row=alt.Row("type:N", title=None))
        .properties(title="Lift and placebo by type of campaign"),
        by_type,
    )
    return


@app.cell
def _():
    mo.md("""
    ## What this does not say

    - Nobody drew lots for who gets a campaign. A difference in differences removes what sets households apart for
      good, not what changes for those chosen at just that time.
    - Households reached by one campaign are often reached by another; all of it counts for the one that starts.
    - The effect is on all spend, not on the products of the coupons.
    """)
    return


if __name__ == "__main__":
    app.run()
