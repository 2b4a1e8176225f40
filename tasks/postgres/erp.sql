-- The demo's ERP: another system's database, of which the platform may read three tables and nothing else. Idempotent.

create schema if not exists erp;

create table if not exists erp.suppliers (
    supplier_id bigint primary key,
    name text not null,
    article_count integer not null,
    attributes jsonb not null,
    changed_at timestamptz not null
);

create table if not exists erp.articles (
    article_id bigint primary key,
    supplier_id bigint not null references erp.suppliers,
    description text not null,
    department text not null,
    brand text not null,
    package_size text,
    listed_on date,
    is_own_brand boolean not null,
    changed_at timestamptz not null
);

create table if not exists erp.article_prices (
    article_id bigint not null,
    week integer not null,
    unit_price numeric(12, 4) not null,
    currency char(3) not null,
    changed_at timestamptz not null,
    primary key (article_id, week)
);

create index if not exists suppliers_changed_at on erp.suppliers (changed_at);
create index if not exists articles_changed_at on erp.articles (changed_at);
create index if not exists article_prices_changed_at on erp.article_prices (changed_at);

do $$
begin
    if not exists (select from pg_roles where rolname = 'platform_erp_reader') then
        create role platform_erp_reader login;
    end if;
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to platform_erp_reader', current_database());
end
$$;

grant usage on schema erp to platform_erp_reader;
grant select on erp.suppliers, erp.articles, erp.article_prices to platform_erp_reader;
