{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['household_id', 'basket_id', 'product_id'],
    on_schema_change='fail',
    post_hook="{{ delete_vanished_sales() }}",
    sql_header=hash_joins_only()
) }}

-- One row a line of sale. What the fact carries as keys: product_key is the version of the product that was valid at
-- the sale, as products keep history; household_id, store_id and transaction_date are the keys of dimensions without
-- history. product_id stays even where the product list lacks it, so that a product that is listed later is found.
--
-- Incremental: a row is written when it is not here yet, when its load is not the one seen here, or when its product
-- resolves to another version (one that was listed late, for instance). Rows are compared one by one and not with the
-- newest load seen so far: loads may be committed in another order than they began, a killed load ends under its old
-- id, and whatever was half done when a process was killed is done by the next run. Writing is one transaction, rows
-- that vanished from raw included, so this table always equals what a full refresh would make of the same raw rows.
--
-- With SALES_FROM and SALES_UNTIL in the environment (`build --sales FROM UNTIL`) the lines of these days are written anew
-- whatever is seen here, and no others: how a week is made again that was spoilt here.

with products as not materialized (

    select
        product_key,
        product_id,
        is_fuel,
        valid_from,
        -- As a date, or the joins below would need an `or` and compare each line with each product.
        coalesce(valid_to, timestamp '9999-12-31') as valid_until
    from {{ ref('dim_product') }}

),

{% if is_incremental() %}
-- Found first and by few columns, as otherwise all columns of all lines would pass through the joins.
    changed as materialized (

        select distinct
            enriched.household_id,
            enriched.basket_id,
            enriched.product_id
        from {{ ref('enr_transactions') }} as enriched
        left join products
            on
                enriched.product_id = products.product_id
                and enriched.transaction_at >= products.valid_from
                and enriched.transaction_at < products.valid_until
        left join {{ this }} as loaded
            on
                enriched.household_id = loaded.household_id
                and enriched.basket_id = loaded.basket_id
                and enriched.product_id = loaded.product_id
        where
            {% if env_var('SALES_FROM', '') %}
                enriched.transaction_date >= cast('{{ env_var("SALES_FROM") }}' as date)
                and enriched.transaction_date < cast('{{ env_var("SALES_UNTIL") }}' as date)
            {% else %}
                loaded.load_id is distinct from enriched.load_id
                or loaded.product_key is distinct from coalesce(products.product_key, {{ unknown_product_key() }})
            {% endif %}

    ),
{% endif %}

lines as (

    select enriched.*
    from {{ ref('enr_transactions') }} as enriched
    {% if is_incremental() %}
        inner join changed
            on
                enriched.household_id = changed.household_id
                and enriched.basket_id = changed.basket_id
                and enriched.product_id = changed.product_id
    {% endif %}

),

resolved as (

    select
        lines.household_id,
        lines.basket_id,
        lines.product_id,
        coalesce(products.product_key, {{ unknown_product_key() }}) as product_key,
        lines.store_id,
        lines.week,
        lines.transaction_date,
        lines.transaction_at,
        lines.quantity,
        case when products.is_fuel then 0 else lines.quantity end as units,
        lines.sales_value,
        lines.list_value,
        lines.paid_value,
        lines.retail_discount,
        lines.coupon_discount,
        lines.coupon_match_discount,
        lines.discount_value,
        lines.discount_share,
        lines.is_valid_quantity,
        lines.is_valid_sales_value,
        lines.load_id
    from lines
    left join products
        on
            lines.product_id = products.product_id
            and lines.transaction_at >= products.valid_from
            and lines.transaction_at < products.valid_until

)

select * from resolved
