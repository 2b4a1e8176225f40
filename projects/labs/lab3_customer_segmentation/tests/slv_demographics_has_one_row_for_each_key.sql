select
    household_id,
    attribute,
    count(*) as row_count
from {{ ref('slv_demographics') }}
group by household_id, attribute
having count(*) > 1
