-- A department has a forecast of all weeks ahead, or none and a reason.
with forecasts as (

    select
        department,
        count(*) as weeks,
        max(horizon) as last_horizon
    from {{ ref('forecast') }}
    group by department

)

select scope.department
from {{ ref('forecast_scope') }} as scope
left join forecasts on scope.department = forecasts.department
where
    scope.is_forecast <> (forecasts.department is not null)
    or scope.is_forecast <> (scope.reason is null)
    or forecasts.weeks <> forecasts.last_horizon
