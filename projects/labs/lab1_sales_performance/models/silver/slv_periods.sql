with weeks as (

    select * from {{ ref('slv_weeks') }}

),

lengths as (

    select
        'last week' as period,
        1 as week_count
    union all
    select
        'last 4 weeks' as period,
        4 as week_count
    union all
    select
        'last 13 weeks' as period,
        13 as week_count

),

newest as (

    select
        max(complete_weeks_back) as complete_weeks,
        max(week) as newest_week,
        max(last_day) as last_day
    from weeks
    where complete_weeks_back is not null

),

-- The newest complete weeks, and as many complete weeks before them; no period without all of these.
rolling as (

    select
        lengths.period,
        weeks.week,
        weeks.complete_weeks_back <= lengths.week_count as is_current
    from lengths
    cross join newest
    inner join weeks on weeks.complete_weeks_back <= 2 * lengths.week_count
    where 2 * lengths.week_count <= newest.complete_weeks

),

-- Every week of the year, complete or not, up to the newest complete one; the year before is not in the data.
year_to_date as (

    select
        'year to date' as period,
        weeks.week,
        true as is_current
    from weeks
    cross join newest
    where year(weeks.last_day) = year(newest.last_day) and weeks.week <= newest.newest_week

),

periods as (

    select * from rolling
    union all
    select * from year_to_date

)

select * from periods
