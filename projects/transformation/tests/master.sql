-- The master layer as entity resolution would leave it if it made no mistake.
create table master.customer_xref as
with pairs as (
    select 'E-' || row_number() over (order by customer_id) as entity_id, customer_id, member_id
    from read_csv('$DATA/demo/truth.csv', header = true)
)
select 'crm:' || customer_id as party_id, entity_id, 'crm' as source_system, customer_id as source_id,
    timestamp '2026-01-01' as resolved_at, 'run' as run_id from pairs
union all
select 'loyalty:' || member_id, entity_id, 'loyalty', member_id, timestamp '2026-01-01', 'run' from pairs;
create table master.golden_customer as
select
    entity_id,
    max(given_name) as given_name, max(surname) as surname, max(street_number) as street_number,
    max(address_1) as address_1, max(address_2) as address_2, max(suburb) as suburb, max(postcode) as postcode,
    max(state) as state, max(date_of_birth) as date_of_birth, count(*) as party_count, 'crm,loyalty' as source_systems,
    max(case when source_system = 'crm' then source_id end) as crm_customer_id,
    max(case when source_system = 'loyalty' then source_id end) as loyalty_member_id,
    max(household_id) as household_id, timestamp '2026-01-01' as resolved_at, 'run' as run_id
from master.customer_xref
inner join core.dim_customer using (party_id, source_system, source_id)
where is_current
group by entity_id
