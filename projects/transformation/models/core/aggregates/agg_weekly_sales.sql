with sales as (

    select * from {{ ref('fct_sales') }}

),

products as (

    select
        product_key,
        department
    from {{ ref('dim_product') }}

),

weekly as (

    select
        sales.week,
        sales.store_id,
        products.department,
        count(*) as transactions,
        count(distinct sales.basket_id) as baskets,
        cast(sum(sales.units) as bigint) as units,
        cast(sum(sales.sales_value) as decimal(18, 2)) as sales_value,
        cast(sum(sales.list_value) as decimal(18, 2)) as list_value,
        cast(sum(sales.discount_value) as decimal(18, 2)) as discount_value
    from sales
    inner join products on sales.product_key = products.product_key
    group by sales.week, sales.store_id, products.department

)

select * from weekly
