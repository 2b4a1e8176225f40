-- The wider interval holds the narrower one, and that the forecast; and nothing is below nought.
select *
from {{ ref('forecast') }}
where
    lower_95 < 0
    or lower_95 > lower_80
    or lower_80 > forecast
    or forecast > upper_80
    or upper_80 > upper_95
