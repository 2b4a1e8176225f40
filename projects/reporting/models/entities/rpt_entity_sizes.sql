select
    entity,
    party_count,
    source_systems,
    entities,
    parties
from {{ source('master', 'resolution_size') }}
