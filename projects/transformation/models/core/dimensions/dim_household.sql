with demographics as (

    select * from {{ ref('stg_pos__demographics') }}

),

baskets as (

    select household_id from {{ ref('enr_baskets') }}

),

campaigns as (

    select household_id from {{ ref('stg_pos__campaigns') }}

),

redemptions as (

    select household_id from {{ ref('stg_pos__coupon_redemptions') }}

),

-- Every household that anything is known of; only a third of them has demographics.
households as (

    select household_id from baskets
    union
    select household_id from campaigns
    union
    select household_id from redemptions
    union
    select household_id from demographics

),

described as (

    select
        households.household_id,
        demographics.age_band,
        demographics.income_band,
        demographics.home_ownership,
        demographics.marital_status,
        demographics.household_size,
        demographics.household_composition,
        demographics.kids_count,
        demographics.household_id is not null as has_demographics
    from households
    left join demographics on households.household_id = demographics.household_id

)

select * from described
