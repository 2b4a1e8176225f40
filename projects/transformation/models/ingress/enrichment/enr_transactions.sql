with lines as (

    select * from {{ ref('cln_transactions') }}

),

-- sales_value is what the retailer gets. The shelf price is that plus what the retailer gave away; the customer paid it
-- less the coupons whose issuer pays the retailer back.
valued as (

    select
        *,
        cast(transaction_at as date) as transaction_date,
        cast(sales_value + retail_discount + coupon_match_discount as decimal(18, 2)) as list_value,
        cast(sales_value - coupon_discount as decimal(18, 2)) as paid_value,
        cast(retail_discount + coupon_match_discount + coupon_discount as decimal(18, 2)) as discount_value
    from lines

),

enriched as (

    select
        *,
        {{ ratio('discount_value', 'list_value') }} as discount_share
    from valued

)

select * from enriched
