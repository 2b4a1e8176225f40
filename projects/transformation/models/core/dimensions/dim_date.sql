with occasions as (

    select
        min(cast(transaction_at as date)) as first_day,
        max(cast(transaction_at as date)) as last_day
    from {{ ref('enr_baskets') }}
    union all
    select
        min(starts_on) as first_day,
        max(ends_on) as last_day
    from {{ ref('stg_pos__campaign_descriptions') }}
    union all
    select
        min(redeemed_on) as first_day,
        max(redeemed_on) as last_day
    from {{ ref('stg_pos__coupon_redemptions') }}

),

-- Whole years, so that a calendar drawn from this table has no ragged ends.
days as (

    {{ days_between(
        "(select date_trunc('year', min(first_day)) from occasions)",
        "(select date_trunc('year', max(last_day)) + interval '1 year' - interval '1 day' from occasions)"
    ) }}

),

described as (

    select
        date_day,
        cast(extract(year from date_day) as integer) as year_number,
        cast(extract(quarter from date_day) as integer) as quarter_number,
        cast(extract(month from date_day) as integer) as month_number,
        cast(extract(day from date_day) as integer) as day_of_month,
        cast(extract(isodow from date_day) as integer) as iso_day_of_week,
        cast(extract(isoyear from date_day) as integer) as iso_year,
        cast(extract(week from date_day) as integer) as iso_week,
        extract(isodow from date_day) in (6, 7) as is_weekend
    from days

)

select * from described
