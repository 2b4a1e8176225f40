select *
from {{ ref('campaign_response') }}
where
    response_rate not between response_rate_low and response_rate_high
    or response_rate_low < 0
    or response_rate_high > 1
    or responses > contacts
