-- The calendar weeks in the shops' time zone are the source's own numbered weeks: else the time zone is wrong.
with weeks as (

    select distinct
        source_week,
        date_trunc('week', timezone('{{ var("time_zone") }}', timezone('UTC', sold_at)))::date as week_start
    from {{ ref('brz_transactions') }}

)

select source_week
from weeks
group by source_week
having count(*) > 1
