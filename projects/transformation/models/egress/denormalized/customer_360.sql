with entities as (

    select * from {{ source('master', 'golden_customer') }}

),

parties as (

    select * from {{ source('master', 'customer_xref') }}

),

customers as (

    select
        party_id,
        household_id
    from {{ ref('dim_customer') }}
    where is_current and household_id is not null

),

sales as (

    select * from {{ ref('agg_household_sales') }}

),

households as (

    select * from {{ ref('dim_household') }}

),

last_day as (

    select max(last_purchase_date) as last_sale_date from sales

),

-- All households of an entity, not only the golden record's: whoever holds two cards bought with both.
entity_sales as (

    select
        cards.entity_id,
        sales.*,
        row_number() over (
            partition by cards.entity_id order by sales.sales_value desc, sales.household_id asc
        ) as household_rank
    from (
        select distinct
            parties.entity_id,
            customers.household_id
        from parties
        inner join customers on parties.party_id = customers.party_id
    ) as cards
    inner join sales on cards.household_id = sales.household_id

),

purchases as (

    select
        entity_id,
        cast(sum(sales_value) as decimal(18, 2)) as lifetime_sales,
        cast(sum(list_value) as decimal(18, 2)) as list_value,
        cast(sum(discount_value) as decimal(18, 2)) as discount_value,
        cast(sum(baskets) as bigint) as baskets,
        cast(sum(units) as bigint) as units,
        min(first_purchase_date) as first_purchase_date,
        max(last_purchase_date) as last_purchase_date,
        max(case when household_rank = 1 then favourite_department end) as favourite_department,
        cast(sum(campaigns_targeted) as bigint) as campaigns_targeted,
        cast(sum(coupons_redeemed) as bigint) as coupons_redeemed
    from entity_sales
    group by entity_id

),

described as (

    select
        entities.entity_id,
        entities.given_name,
        entities.surname,
        entities.street_number,
        entities.address_1,
        entities.address_2,
        entities.suburb,
        entities.postcode,
        entities.state,
        entities.date_of_birth,
        cast(entities.party_count as bigint) as party_count,
        entities.source_systems,
        entities.crm_customer_id,
        entities.loyalty_member_id,
        entities.household_id,
        households.age_band,
        households.income_band,
        households.household_size,
        households.kids_count,
        cast(coalesce(purchases.lifetime_sales, 0) as decimal(18, 2)) as lifetime_sales,
        coalesce(purchases.baskets, 0) as baskets,
        coalesce(purchases.units, 0) as units,
        {{ ratio('purchases.lifetime_sales', 'purchases.baskets', scale=2) }} as average_basket_value,
        {{ ratio('purchases.discount_value', 'purchases.list_value') }} as discount_share,
        purchases.first_purchase_date,
        purchases.last_purchase_date,
        -- Counted from the last day that has sales, not from today: the same data gives the same figure on any day.
        cast(last_day.last_sale_date - purchases.last_purchase_date as integer) as days_since_last_purchase,
        purchases.favourite_department,
        coalesce(purchases.campaigns_targeted, 0) as campaigns_targeted,
        coalesce(purchases.coupons_redeemed, 0) as coupons_redeemed
    from entities
    cross join last_day
    left join purchases on entities.entity_id = purchases.entity_id
    left join households on entities.household_id = households.household_id

)

select * from described
