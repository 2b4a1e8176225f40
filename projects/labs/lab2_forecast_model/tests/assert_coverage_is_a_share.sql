select *
from {{ ref('interval_coverage') }}
where
    intervals < 1
    or covered not between 0 and intervals
    or coverage <> covered / intervals
    or level not in (0.80, 0.95)
