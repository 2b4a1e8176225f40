with contacts as (

    select
        segments.segment,
        contacts.*
    from {{ ref('slv_campaign_households') }} as contacts
    inner join {{ ref('household_segments') }} as segments on contacts.household_id = segments.household_id

),

-- What the time of year did to those of the segment that were not sent the campaign.
others as (

    select
        segment,
        campaign_id,
        sum(daily_sales_during) / nullif(sum(daily_sales_before), 0) as trend
    from contacts
    where is_comparable and not is_sent
    group by segment, campaign_id

),

sent as (

    select
        contacts.*,
        others.trend
    from contacts
    left join others
        on
            contacts.segment = others.segment
            and contacts.campaign_id = others.campaign_id
    where contacts.is_sent

),

of_each_type as (

    select * from sent
    union all
    select * replace ('all' as campaign_type) from sent

),

summed as (

    select
        segment,
        campaign_type,
        count(distinct campaign_id) as campaigns,
        count(*) as contacts,
        count(*) filter (where coupons_redeemed > 0) as responses,
        cast(sum(coupons_redeemed) as bigint) as coupons_redeemed,
        count(*) filter (where is_comparable) as compared_contacts,
        avg(daily_sales_before) filter (where is_comparable) as daily_sales_before,
        avg(daily_sales_during) filter (where is_comparable) as daily_sales_during,
        sum(daily_sales_during) filter (where is_comparable and trend is not null)
        / nullif(sum(daily_sales_before * trend) filter (where is_comparable), 0) - 1 as uplift_to_others
    from of_each_type
    group by segment, campaign_type

),

-- Wilson's interval stays within 0 and 1 where responses are few.
rated as (

    select
        *,
        responses / contacts as rate,
        1.96 * 1.96 / contacts as widening
    from summed

),

answers as (

    select
        segment,
        campaign_type,
        campaigns,
        contacts,
        responses,
        coupons_redeemed,
        cast(rate as decimal(18, 4)) as response_rate,
        cast(
            (rate + widening / 2 - sqrt(widening * rate * (1 - rate) + widening * widening / 4)) / (1 + widening)
            as decimal(18, 4)
        ) as response_rate_low,
        cast(
            (rate + widening / 2 + sqrt(widening * rate * (1 - rate) + widening * widening / 4)) / (1 + widening)
            as decimal(18, 4)
        ) as response_rate_high,
        compared_contacts,
        cast(daily_sales_before as decimal(18, 2)) as daily_sales_before,
        cast(daily_sales_during as decimal(18, 2)) as daily_sales_during,
        -- A few households' whims are no effect.
        case
            when compared_contacts >= {{ var('minimum_contacts') }}
                then cast(daily_sales_during / nullif(daily_sales_before, 0) - 1 as decimal(18, 4))
        end as uplift,
        case
            when compared_contacts >= {{ var('minimum_contacts') }} then cast(uplift_to_others as decimal(18, 4))
        end as uplift_to_others
    from rated

)

select * from answers
