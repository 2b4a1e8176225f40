with promotions as (

    select * from {{ ref('brz_promotions') }}

),

-- A product may stand in several places of a store at once.
combined as (

    select
        product_id,
        store_id,
        week,
        bool_or(display_location <> '0') as on_display,
        bool_or(mailer_location <> '0') as in_mailer
    from promotions
    group by product_id, store_id, week

),

promoted as (

    select
        product_id,
        store_id,
        week,
        case
            when on_display and in_mailer then 'display and mailer'
            when on_display then 'display'
            else 'mailer'
        end as promotion_kind
    from combined
    where on_display or in_mailer

)

select * from promoted
