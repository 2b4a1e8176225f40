-- The tables whose key is more than one column.
{% set keys = {
    'slv_department_weeks': 'department, week_start',
    'slv_weekly_sales': 'department, week_start',
    'slv_backtest': 'department, model, origin_week, horizon',
    'backtest_errors': 'department, model, horizon',
    'forecast': 'department, week_start',
    'interval_coverage': 'department, horizon, level',
} %}
{% for model, key in keys.items() %}
    select '{{ model }}' as model_name
    from {{ ref(model) }}
    group by {{ key }}
    having count(*) > 1
    {{ 'union all' if not loop.last }}
{% endfor %}
