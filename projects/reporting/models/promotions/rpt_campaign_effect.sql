-- What a campaign's households bought while it ran, compared with as many days before; and what all others bought then.
-- The lift is the ratio of the two changes, so that a season that moves everybody is not taken for the campaign. It is
-- null where the days before, or some of the campaign's own, are not within the days that have sales. Households are
-- compared that nobody chose by lot: the lift tells what moved together, not what the campaign caused.

with campaigns as (

    select * from {{ source('core', 'dim_campaign') }}

),

targets as (

    select * from {{ source('core', 'fct_campaign_households') }}

),

household_days as (

    select
        household_id,
        transaction_date,
        sum(sales_value) as sales_value
    from {{ source('core', 'fct_sales') }}
    group by household_id, transaction_date

),

days as (

    select
        transaction_date,
        sum(sales_value) as sales_value
    from household_days
    group by transaction_date

),

known as (

    select
        min(transaction_date) as first_day,
        max(transaction_date) as last_day
    from days

),

periods as (

    select
        campaigns.*,
        campaigns.starts_on - cast(campaigns.duration_days as integer) as compared_from,
        campaigns.starts_on - cast(campaigns.duration_days as integer) >= known.first_day
        and campaigns.ends_on <= known.last_day as is_comparable
    from campaigns
    cross join known

),

everybody as (

    select
        periods.campaign_id,
        sum(case when days.transaction_date >= periods.starts_on then days.sales_value else 0 end) as value_during,
        sum(case when days.transaction_date < periods.starts_on then days.sales_value else 0 end) as value_before
    from periods
    inner join days on days.transaction_date between periods.compared_from and periods.ends_on
    group by periods.campaign_id

),

targeted as (

    select
        periods.campaign_id,
        sum(case when bought.transaction_date >= periods.starts_on then bought.sales_value else 0 end) as value_during,
        sum(case when bought.transaction_date < periods.starts_on then bought.sales_value else 0 end) as value_before
    from periods
    inner join targets on periods.campaign_id = targets.campaign_id
    inner join household_days as bought
        on
            targets.household_id = bought.household_id
            and bought.transaction_date between periods.compared_from and periods.ends_on
    group by periods.campaign_id

),

responses as (

    select
        campaign_id,
        sum(redemption_count) as redemptions,
        sum(case when redemption_count > 0 then 1 else 0 end) as households_redeeming
    from targets
    group by campaign_id

),

compared as (

    select
        periods.campaign_id,
        periods.campaign_type,
        periods.starts_on,
        periods.ends_on,
        periods.duration_days,
        periods.household_count as households_targeted,
        cast(coalesce(responses.households_redeeming, 0) as bigint) as households_redeeming,
        cast(coalesce(responses.redemptions, 0) as bigint) as redemptions,
        cast(coalesce(targeted.value_during, 0) as decimal(18, 2)) as sales_during,
        periods.is_comparable,
        cast(
            case when periods.is_comparable then coalesce(targeted.value_before, 0) end as decimal(18, 2)
        ) as sales_before,
        cast(
            case
                when periods.is_comparable then everybody.value_during - coalesce(targeted.value_during, 0)
            end as decimal(18, 2)
        ) as others_during,
        cast(
            case
                when periods.is_comparable then everybody.value_before - coalesce(targeted.value_before, 0)
            end as decimal(18, 2)
        ) as others_before
    from periods
    left join everybody on periods.campaign_id = everybody.campaign_id
    left join targeted on periods.campaign_id = targeted.campaign_id
    left join responses on periods.campaign_id = responses.campaign_id

),

described as (

    select
        campaign_id,
        campaign_type,
        starts_on,
        ends_on,
        duration_days,
        households_targeted,
        households_redeeming,
        redemptions,
        is_comparable,
        sales_during,
        sales_before,
        others_during,
        others_before,
        cast(
            (cast(sales_during as double precision) / nullif(cast(sales_before as double precision), 0))
            / nullif(
                cast(others_during as double precision) / nullif(cast(others_before as double precision), 0), 0
            ) - 1 as decimal(18, 4)
        ) as lift
    from compared

)

select * from described
