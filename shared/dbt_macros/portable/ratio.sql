{#
    One amount divided by another, rounded half up to `scale` digits, null where there is nothing to divide by.
    Amounts have two decimals and are not negative. Done in whole cents: engines disagree on whether decimals divide
    to decimals or to floating point, and so on what a half rounds to.
#}
{% macro ratio(numerator, denominator, scale=4) -%}
    cast(
        {{ whole_division(
            "(cast(" ~ numerator ~ " * 100 as bigint) * 2 * " ~ 10 ** scale ~ " + cast(" ~ denominator ~ " * 100 as bigint))",
            "nullif(cast(" ~ denominator ~ " * 200 as bigint), 0)"
        ) }} * {{ '%.*f' % (scale, 10 ** -scale) }} as decimal(18, {{ scale }})
    )
{%- endmacro %}

{% macro whole_division(numerator, denominator) -%}
    {{ return(adapter.dispatch('whole_division')(numerator, denominator)) }}
{%- endmacro %}

{% macro duckdb__whole_division(numerator, denominator) -%}
    ({{ numerator }} // {{ denominator }})
{%- endmacro %}

{% macro postgres__whole_division(numerator, denominator) -%}
    ({{ numerator }} / {{ denominator }})
{%- endmacro %}
