with departments as (

    select
        department,
        sum(sales)::decimal(12, 2) as sales,
        coalesce(sum(sales) filter (where is_complete), 0)::decimal(12, 2) as sales_in_complete_weeks
    from {{ ref('slv_department_weeks') }}
    group by department

)

select
    departments.department,
    scope.department is not null and scope.reason is null as is_forecast,
    case when scope.department is null then 'too short: no complete week' else scope.reason end as reason,
    coalesce(scope.history_weeks, 0)::integer as history_weeks,
    coalesce(scope.weeks_with_sales, 0)::integer as weeks_with_sales,
    departments.sales,
    departments.sales_in_complete_weeks
from departments
left join {{ ref('slv_scope') }} as scope on departments.department = scope.department
