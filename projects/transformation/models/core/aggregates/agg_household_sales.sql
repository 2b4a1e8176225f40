with sales as (

    select * from {{ ref('fct_sales') }}

),

products as (

    select
        product_key,
        department
    from {{ ref('dim_product') }}

),

by_department as (

    select
        sales.household_id,
        products.department,
        count(*) as transactions,
        sum(sales.units) as units,
        sum(sales.sales_value) as sales_value,
        sum(sales.paid_value) as paid_value,
        sum(sales.list_value) as list_value,
        sum(sales.discount_value) as discount_value,
        min(sales.transaction_date) as first_purchase_date,
        max(sales.transaction_date) as last_purchase_date,
        min(sales.product_id) as smallest_product_id
    from sales
    inner join products on sales.product_key = products.product_key
    group by sales.household_id, products.department

),

-- Of two departments with equal sales, the one with the smaller product id: a choice that every engine makes alike.
ranked as (

    select
        household_id,
        department,
        row_number() over (
            partition by household_id order by sales_value desc, smallest_product_id asc
        ) as department_rank
    from by_department

),

totals as (

    select
        household_id,
        cast(sum(transactions) as bigint) as transactions,
        cast(sum(units) as bigint) as units,
        cast(sum(sales_value) as decimal(18, 2)) as sales_value,
        cast(sum(paid_value) as decimal(18, 2)) as paid_value,
        cast(sum(list_value) as decimal(18, 2)) as list_value,
        cast(sum(discount_value) as decimal(18, 2)) as discount_value,
        min(first_purchase_date) as first_purchase_date,
        max(last_purchase_date) as last_purchase_date
    from by_department
    group by household_id

),

-- Counted apart, because a basket spans departments.
visits as (

    select
        household_id,
        count(*) as baskets,
        count(distinct store_id) as stores
    from {{ ref('enr_baskets') }}
    group by household_id

),

campaigns as (

    select
        household_id,
        count(*) as campaigns_targeted
    from {{ ref('fct_campaign_households') }}
    group by household_id

),

redemptions as (

    select
        household_id,
        count(*) as coupons_redeemed
    from {{ ref('fct_coupon_redemptions') }}
    group by household_id

),

described as (

    select
        totals.household_id,
        totals.transactions,
        visits.baskets,
        visits.stores,
        totals.units,
        totals.sales_value,
        totals.paid_value,
        totals.list_value,
        totals.discount_value,
        {{ ratio('totals.discount_value', 'totals.list_value') }} as discount_share,
        {{ ratio('totals.sales_value', 'visits.baskets', scale=2) }} as average_basket_value,
        totals.first_purchase_date,
        totals.last_purchase_date,
        ranked.department as favourite_department,
        coalesce(campaigns.campaigns_targeted, 0) as campaigns_targeted,
        coalesce(redemptions.coupons_redeemed, 0) as coupons_redeemed
    from totals
    inner join visits on totals.household_id = visits.household_id
    inner join ranked on totals.household_id = ranked.household_id and ranked.department_rank = 1
    left join campaigns on totals.household_id = campaigns.household_id
    left join redemptions on totals.household_id = redemptions.household_id

)

select * from described
