with households as (

    select household_id
    from {{ ref('slv_households') }}

),

known as (

    select
        households.household_id,
        coalesce(demographics.age, 'unknown') as age,
        coalesce(demographics.income, 'unknown') as income,
        coalesce(demographics.home_ownership, 'unknown') as home_ownership,
        coalesce(demographics.marital_status, 'unknown') as marital_status,
        coalesce(demographics.household_size, 'unknown') as household_size,
        coalesce(demographics.household_composition, 'unknown') as household_composition,
        coalesce(demographics.children, 'unknown') as children,
        if(demographics.household_id is null, 'no', 'yes') as demographics_known
    from households
    left join {{ ref('brz_demographics') }} as demographics on households.household_id = demographics.household_id

),

attributes as (

    unpivot known
    on columns(* exclude (household_id))
    into name attribute value attribute_value

)

select * from attributes
