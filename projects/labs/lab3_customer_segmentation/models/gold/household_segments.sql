with households as (

    select * from {{ ref('slv_households') }}

),

placed as (

    select
        households.household_id,
        segments.segment,
        households.last_purchase_date,
        households.recency_days,
        households.baskets,
        households.sales,
        households.promotion_share
    from households
    inner join {{ ref('slv_household_clusters') }} as clusters on households.household_id = clusters.household_id
    inner join {{ ref('slv_segments') }} as segments on clusters.cluster = segments.cluster

)

select * from placed
