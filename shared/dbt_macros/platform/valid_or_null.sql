{#
    A column of a model: a value where it is valid, else null. How many values that empties is counted whenever the model
    is built, kept in the ledger and shown by `status`; where it is more than `at_most` of them the step warns.

    Args:
        column: what the model calls it.
        value: the value, an SQL expression.
        valid: the condition under which it stays.
        given: what the value was before, by the model's own columns: what is counted is where that is not null.
        rule: what is wrong with an emptied value, in a few words.
        at_most: the share that may be emptied without a warning.
#}
{% macro valid_or_null(column, value, valid, given, rule, at_most=0.05) -%}
    {{- count_emptied(column, given, column ~ ' is null', rule, at_most) -}}
    case when {{ valid }} then {{ value }} end as {{ column }}
{%- endmacro %}

{#
    Have it counted how often a rule empties a column, where something else than valid_or_null does so.

    Args:
        emptied: where a value that was given is emptied, a condition on the model's own columns.
        column, given, rule, at_most: as of valid_or_null.
#}
{% macro count_emptied(column, given, emptied, rule, at_most=0.05) -%}
    {%- set counted = {'column': column, 'rule': rule, 'given': given, 'emptied': emptied, 'at_most': at_most} -%}
    {{- config(meta={'emptied ' ~ column ~ ' ' ~ rule: counted}) -}}
{%- endmacro %}
