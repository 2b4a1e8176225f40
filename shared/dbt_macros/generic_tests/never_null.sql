{# These columns have a value in every row. One test for all of them, as each test costs a query. Keys have not_null. #}
{% test never_null(model, columns) %}
select {{ columns | join(', ') }}
from {{ model }}
where {{ columns | join(' is null or ') }} is null
{% endtest %}
