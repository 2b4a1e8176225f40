{#
    A floating-point amount as a decimal of two digits. Engines disagree on what 1.005 is: a half, as it is written, or a
    little less, as a computer holds it. Here it is what the computer holds, rounded half away from zero.
#}
{% macro amount(column) -%}
    {{ return(adapter.dispatch('amount')(column)) }}
{%- endmacro %}

{% macro duckdb__amount(column) -%}
    cast({{ column }} as decimal(18, 2))
{%- endmacro %}

{% macro postgres__amount(column) -%}
    cast(cast(trunc({{ column }} * 100 + 0.5 * sign({{ column }})) as bigint) * 0.01 as decimal(18, 2))
{%- endmacro %}
