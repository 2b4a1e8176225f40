{# An Australian postcode without spaces; spreadsheets drop the zero that those of the Northern Territory begin with. #}
{% macro postcode(column) -%}
    {%- set digits = "nullif(regexp_replace(" ~ column ~ ", '[ \\t]+', '', 'g'), '')" -%}
    case when {{ digits }} ~ '^[0-9]{3}$' then '0' || {{ digits }} else {{ digits }} end
{%- endmacro %}
