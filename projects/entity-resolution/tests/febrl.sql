-- What ingress and transformation make of the demo's persons, shortened to what entity resolution reads.
with source_party as (
    select
        'crm' as source_system, customer_id as source_id, given_name, surname, street_number, address_1, address_2,
        suburb, postcode, state, try_strptime(date_of_birth, '%Y%m%d')::date as date_of_birth, null as household_id
    from read_csv(getvariable('data') || '/landing/crm/customers.csv', all_varchar = true)
    union all
    select
        'loyalty', member_id, first_name, last_name, street_no, street, building,
        city, post_code, region, try_cast(birth_date as date), household_id
    from read_json(getvariable('data') || '/demo/loyalty_members.json', columns = {
        member_id: 'varchar', first_name: 'varchar', last_name: 'varchar', street_no: 'varchar', street: 'varchar',
        building: 'varchar', city: 'varchar', post_code: 'varchar', region: 'varchar', birth_date: 'varchar',
        household_id: 'bigint'
    })
),

truth as (
    select row_number() over (order by customer_id) as couple, customer_id, member_id
    from read_csv(getvariable('data') || '/demo/truth.csv')
)

select
    source_system || ':' || source_id as party_id, source_party.*, true as is_current
from source_party inner join truth on source_id in (customer_id, member_id)
order by couple, party_id
