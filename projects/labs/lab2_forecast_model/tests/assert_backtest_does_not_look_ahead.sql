-- The week forecast lies as many weeks after the last week seen as the horizon says.
select *
from {{ ref('slv_backtest') }}
where horizon < 1 or target_week <> origin_week + 7 * horizon
