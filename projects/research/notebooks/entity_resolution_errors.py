import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium")

with app.setup:
    import altair as alt
    import marimo as mo
    from research import matching
    from research.showing import show
    from research.study import open_study


@app.cell
def _():
    study = open_study("entity_resolution_errors")
    return (study,)


@app.cell
def _(study):
    mo.md(f"""
    # {study.title}

    The demo knows who is who, so each error of entity resolution can be looked at: first those in `master` as it is,
    then those of other thresholds, as `./pixiw run resolve --sweep` has measured them.
    """)
    return


@app.cell
def _(study):
    _texts = ", ".join(f"nullif(cast({field} as varchar), '') as {field}" for field in matching.FIELDS)
    data = study.read(
        parties=f"select party_id, source_system, source_id, {_texts} from core.dim_customer where is_current",
        entities="select party_id, entity_id from master.customer_xref",
        sweep="select * from master.threshold_sweep where entity = 'customer' order by hidden_share, threshold",
    )
    return (data,)


@app.cell
def _(data, study):
    truth = matching.read_truth(study.places.settings.data_dir / study.parameters["truth"], study.sample)
    parties = data["parties"][data["parties"]["party_id"].isin(truth.keys())].reset_index(drop=True)
    study.metric("parties", len(parties))
    return parties, truth


@app.cell
def _(data, study, truth):
    pairs = matching.judge(data["entities"], truth)
    as_it_is = matching.quality(data["entities"], truth)
    for _name, _value in vars(as_it_is).items():
        study.metric(f"master_{_name}", _value)
    return as_it_is, pairs


@app.cell
def _(as_it_is, pairs, parties):
    compared = matching.differences(pairs, parties)
    show(
        mo.md(f"""
        ## What master holds

        Precision {as_it_is.precision:.4f}, recall {as_it_is.recall:.4f}: {as_it_is.pairs_missed} pairs of records of
        one person were missed, {as_it_is.pairs_wrong} were joined that are two persons. The fewer fields of two records
        are equal, the harder they are to find:
        """),
        matching.missed_by_fields_equal(compared),
    )
    return (compared,)


@app.cell
def _(compared):
    kinds = matching.missed_by_kind(compared)
    _share = kinds.assign(share=kinds["pairs"] / kinds.groupby("field")["pairs"].transform("sum"))
    show(
        mo.md("## Which fields differ"),
        alt.Chart(_share, title="How the two records of a person differ", width=480, height=220)
        .mark_bar()
        .encode(
            x=alt.X("share:Q", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1]), title="pairs"),
            y=alt.Y("field:N", sort=list(matching.FIELDS), title=None),
            color=alt.Color("kind:N", sort=list(matching.KINDS), title=None),
        ),
        mo.md("Those with missed pairs:"),
        kinds[kinds["missed"] > 0].sort_values("share_missed", ascending=False),
    )
    return


@app.cell
def _(compared):
    _missed = compared[compared["same_person"] & ~compared["same_entity"]]
    _wrong = compared[~compared["same_person"] & compared["same_entity"]]
    show(
        mo.md("## Missed pairs, field by field"),
        _missed[["left", "right", *matching.FIELDS]],
        mo.md(f"## Wrong pairs: {len(_wrong)}"),
        _wrong[["left", "right", *matching.FIELDS]] if len(_wrong) else None,
    )
    return


@app.cell
def _(data, study):
    tried = data["sweep"]
    for _row in tried.itertuples():
        _name = f"hidden_{_row.hidden_share:g}_threshold_{_row.threshold:g}"
        study.metric(f"{_name}_precision", _row.precision)
        study.metric(f"{_name}_recall", _row.recall)
        study.metric(f"{_name}_f1", _row.f1)
    return (tried,)


@app.cell
def _(tried):
    _best = tried.loc[tried.groupby("hidden_share")["f1"].idxmax(), ["hidden_share", "threshold"]]
    _words = "; ".join(f"{row.threshold:g} where {row.hidden_share:.0%} lack them" for row in _best.itertuples())
    _points = tried.melt(["hidden_share", "threshold"], ["precision", "recall", "f1"], "measure", "value").assign(
        records=lambda rows: rows["hidden_share"].map(lambda share: f"{share:.0%} lack fields")
    )
    show(
        mo.md(f"""
        ## Other thresholds

        All records, whatever sample this study reads, as entity resolution has measured them at
        {tried["swept_at"].max():%Y-%m-%d %H:%M} UTC. `--hide` has it measure them again where a share lacks fields,
        by a model of their own. F1 is highest at: {_words}.
        """),
        tried,
        alt.Chart(_points, width=230, height=220)
        .mark_line(point=True)
        .encode(
            x=alt.X("threshold:O"),
            y=alt.Y("value:Q", scale=alt.Scale(zero=False), title=None),
            color=alt.Color("measure:N", title=None),
            column=alt.Column("records:N", title=None),
        )
        .properties(title="Precision, recall and F1 by threshold"),
    )
    return


@app.cell
def _():
    mo.md("""
    ## What this does not say

    - FEBRL's persons and their typing errors are made by a program; people make others. A threshold that is right
      here is not right for your records: measure it on pairs that somebody has judged.
    - Every person here is in both sources. Where most have no partner, there is more to mix up, and precision falls.
    """)
    return


if __name__ == "__main__":
    app.run()
