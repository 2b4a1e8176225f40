{#
    Let PostgreSQL look at the rows of the relation just built, so that what is made of it next is planned with their
    number and kind. It does so by itself a minute later, which is too late within a build.
#}
{% macro refresh_statistics() -%}
    {%- if target.type == 'postgres' and model.config.materialized != 'view' -%}
        analyze {{ this }}
    {%- endif -%}
{%- endmacro %}
