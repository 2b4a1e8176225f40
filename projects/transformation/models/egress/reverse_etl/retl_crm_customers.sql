with parties as (

    select * from {{ source('master', 'customer_xref') }}

),

customers as (

    select * from {{ ref('customer_360') }}

),

-- One row a customer of the CRM, also where the CRM holds one person twice: each of its records gets the figures.
described as (

    select
        parties.source_id as customer_id,
        customers.entity_id,
        customers.loyalty_member_id,
        customers.lifetime_sales,
        customers.baskets,
        customers.average_basket_value,
        customers.discount_share,
        customers.first_purchase_date,
        customers.last_purchase_date,
        customers.days_since_last_purchase,
        customers.favourite_department,
        customers.campaigns_targeted,
        customers.coupons_redeemed
    from parties
    inner join customers on parties.entity_id = customers.entity_id
    where parties.source_system = 'crm'

)

select * from described
