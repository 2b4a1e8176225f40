with sold as (

    select * from {{ ref('slv_department_weeks') }}
    where is_complete

),

-- Every week between the first and the last, also one in which nobody sold anything.
calendar as (

    select unnest(generate_series(min(week_start), max(week_start), interval 7 days))::date as week_start
    from sold

),

departments as (

    select
        department,
        min(week_start) as first_week
    from sold
    group by department

)

select
    departments.department,
    calendar.week_start,
    coalesce(sold.sales, 0)::decimal(12, 2) as sales,
    case when sold.sales > 0 then sold.promotion_sales / sold.sales else 0 end::double as promotion_share
from departments
inner join calendar on departments.first_week <= calendar.week_start
left join sold
    on
        departments.department = sold.department
        and calendar.week_start = sold.week_start
