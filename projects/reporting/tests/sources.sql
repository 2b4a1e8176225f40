-- What the reports read: two weeks of four households in two departments, and a campaign in the second week.
-- as transformation
create table core.dim_product (product_key varchar, department varchar);
insert into core.dim_product values ('a', 'GROCERY'), ('b', 'PRODUCE');
create table core.fct_sales (
    household_id bigint, basket_id bigint, product_key varchar, store_id bigint, week bigint, transaction_date date,
    units bigint, sales_value decimal(18, 2), list_value decimal(18, 2), discount_value decimal(18, 2),
    retail_discount decimal(18, 2), coupon_discount decimal(18, 2), coupon_match_discount decimal(18, 2)
);
insert into core.fct_sales values
    (1, 10, 'a', 1, 1, date '2017-01-01', 2, 10.00, 10.00, 0.00, 0.00, 0.00, 0.00),
    (1, 10, 'b', 1, 1, date '2017-01-01', 1, 5.00, 6.00, 1.00, 1.00, 0.00, 0.00),
    (2, 11, 'a', 1, 1, date '2017-01-02', 1, 10.00, 10.00, 0.00, 0.00, 0.00, 0.00),
    (3, 12, 'a', 2, 1, date '2017-01-03', 3, 20.00, 20.00, 0.00, 0.00, 0.00, 0.00),
    (1, 13, 'a', 1, 2, date '2017-01-08', 4, 30.00, 33.00, 3.00, 2.00, 0.50, 0.50),
    (3, 14, 'a', 2, 2, date '2017-01-09', 1, 15.00, 15.00, 0.00, 0.00, 0.00, 0.00),
    (3, 14, 'b', 2, 2, date '2017-01-09', 1, 5.25, 5.25, 0.00, 0.00, 0.00, 0.00),
    (4, 15, 'b', 2, 2, date '2017-01-14', 1, 10.00, 10.00, 0.00, 0.00, 0.00, 0.00);
create table core.dim_campaign (
    campaign_id bigint, campaign_type varchar, starts_on date, ends_on date, duration_days bigint,
    household_count bigint, coupon_count bigint
);
insert into core.dim_campaign values
    (1, 'Type A', date '2017-01-08', date '2017-01-14', 7, 2, 3),
    (2, 'Type B', date '2017-01-02', date '2017-01-14', 13, 1, 1);
create table core.fct_campaign_households (campaign_id bigint, household_id bigint, redemption_count bigint);
insert into core.fct_campaign_households values (1, 1, 2), (1, 2, 0), (2, 3, 0);
create table core.fct_coupon_redemptions (household_id bigint, coupon_upc bigint, campaign_id bigint);
create table egress.rpt_weekly_sales (
    week bigint, first_day date, last_day date, department varchar, stores bigint, transactions bigint, baskets bigint,
    units bigint, sales_value decimal(18, 2), list_value decimal(18, 2), discount_value decimal(18, 2)
);
insert into egress.rpt_weekly_sales values
    (1, date '2017-01-01', date '2017-01-03', 'GROCERY', 2, 3, 3, 6, 40.00, 40.00, 0.00),
    (1, date '2017-01-01', date '2017-01-03', 'PRODUCE', 1, 1, 1, 1, 5.00, 6.00, 1.00),
    (2, date '2017-01-08', date '2017-01-14', 'GROCERY', 2, 2, 2, 5, 45.00, 48.00, 3.00),
    (2, date '2017-01-08', date '2017-01-14', 'PRODUCE', 1, 2, 2, 2, 15.25, 15.25, 0.00);
create table egress.customer_360 (
    entity_id varchar, surname varchar, lifetime_sales decimal(18, 2), baskets bigint, units bigint,
    days_since_last_purchase integer, campaigns_targeted bigint, coupons_redeemed bigint,
    favourite_department varchar, age_band varchar, income_band varchar
);
insert into egress.customer_360 values
    ('e1', 'lund', 1500.00, 30, 60, 7, 1, 2, 'GROCERY', '25-34', null),
    ('e2', 'parr', 499.99, 3, 5, 8, 1, 0, 'PRODUCE', null, null),
    ('e3', 'dahl', 0.00, 0, 0, null, 0, 0, null, null, null),
    ('e4', 'bakke', 0.00, 0, 0, null, 0, 0, null, null, null);
-- The clock was set back after the first.
insert into ops.run (
    run_id, sequence, step, command, status, environment, python_version, host, pid, started_at, finished_at, error, role
) values
    ('t1', 1, 'transform', 'build', 'failed', 'transformation', '3.11.7', 'h', 1,
    timestamp '2026-01-03 10:00:00', timestamp '2026-01-03 10:00:30', 'BuildFailed: x', 'transformation'),
    ('t2', 2, 'transform', 'build --full-refresh', 'succeeded', 'transformation', '3.11.7', 'h', 1,
    timestamp '2026-01-02 10:00:00', timestamp '2026-01-02 10:00:10', null, 'transformation'),
    ('t3', 3, 'transform', 'build egress', 'succeeded', 'transformation', '3.11.7', 'h', 1,
    timestamp '2026-01-01 10:01:00', timestamp '2026-01-01 10:01:05', null, 'transformation'),
    ('t4', 4, 'transform', 'build core', 'running', 'transformation', '3.11.7', 'h', 1,
    timestamp '2026-01-01 10:02:00', null, null, 'transformation');
insert into ops.run_metric values ('t1', 'tests_failed', 2), ('t1', 'tests_passed', 5), ('t2', 'tests_passed', 7);
insert into ops.run_metric values ('t1', 'models_passed', 1), ('t2', 'models_passed', 4);
insert into ops.expectation values
    ('t1', 'core.fct_sales', 'not_null', 'not_null', 'completeness', 'error', 'failed', 8, 1, '', '', null, null,
    timestamp '2026-01-03 10:00:00'),
    ('t2', 'core.fct_sales', 'not_null', 'not_null', 'completeness', 'error', 'passed', 8, 0, '', '', null, null,
    timestamp '2026-01-02 10:00:00');
-- as entity_resolution
create table master.resolution_size (
    entity varchar, party_count bigint, source_systems varchar, entities bigint, parties bigint
);
insert into master.resolution_size values
    ('customer', 1, 'crm', 2, 2), ('customer', 2, 'crm,loyalty', 1, 2), ('customer', 3, 'crm,loyalty', 1, 3),
    ('product', 1, 'pos', 7, 7);
insert into ops.run (
    run_id, sequence, step, command, status, environment, python_version, host, pid, started_at, finished_at, error, role
) values
    ('r1', 5, 'resolve', 'run', 'succeeded', 'entity-resolution', '3.10.13', 'h', 1,
    timestamp '2026-01-04 11:00:00', timestamp '2026-01-04 11:00:05', null, 'entity_resolution'),
    ('r2', 6, 'resolve', 'run', 'succeeded', 'entity-resolution', '3.10.13', 'h', 1,
    timestamp '2026-01-02 11:00:00', timestamp '2026-01-02 11:00:05', null, 'entity_resolution'),
    ('r3', 7, 'resolve', 'run', 'succeeded', 'entity-resolution', '3.10.13', 'h', 1,
    timestamp '2026-01-03 11:00:00', timestamp '2026-01-03 11:00:01', null, 'entity_resolution');
insert into ops.run_metric values
    ('r1', 'entities', 5), ('r1', 'precision', 0.8), ('r1', 'recall', 0.5), ('r1', 'f1', 0.6),
    ('r2', 'entities', 4), ('r2', 'precision', 1.0), ('r2', 'recall', 0.9), ('r2', 'f1', 0.95),
    ('r3', 'entities', 7), ('r3', 'precision', 0.9), ('r3', 'recall', 0.9), ('r3', 'f1', 0.9),
    ('r3', 'entities_with_several_pos', 2), ('r3', 'entities_with_several_supplier', 1);
insert into ops.run_output (run_id, relation, row_count, detail) values
    ('r1', 'master.golden_customer', 5, '{}'), ('r2', 'master.golden_customer', 4, '{}'),
    ('r3', 'master.golden_product', 7, '{}'), ('r3', 'master.product_xref', 9, '{}');
-- as ingress
insert into ops.run (
    run_id, sequence, step, command, status, environment, python_version, host, pid, started_at, finished_at, error, role
) values
    ('i1', 8, 'ingest', 'run', 'succeeded', null, '3.10.13', 'h', 1,
    timestamp '2026-01-01 09:00:00', timestamp '2026-01-01 09:01:00', null, 'ingress'),
    ('i2', 9, 'ingest', 'run', 'succeeded', 'ingress', '3.10.13', 'h', 1,
    timestamp '2026-01-02 09:00:00', timestamp '2026-01-02 09:01:00', null, 'ingress');
insert into ops.run_output values
    ('i1', 'raw.pos_transactions', 8, '{"kept": 8}'), ('i2', 'raw.pos_transactions', 8, '{"unchanged": true}'),
    ('i1', 'raw.crm_customers', 3, '{"kept": 3}'), ('i2', 'raw.crm_customers', 5, '{"kept": 5}'),
    ('i2', 'files', 100, '{}');
insert into ops.quarantine (
    quarantine_id, run_id, source, resource, origin, "position", reason, payload, first_seen_at, last_seen_at, resolved_at
) values
    ('q1', 'i1', 'crm', 'customers', 'a.csv', 1, 'postcode', '{"surname": "lund"}',
    timestamp '2026-01-01 09:00:30', timestamp '2026-01-01 09:00:30', null),
    ('q2', 'i1', 'crm', 'customers', 'a.csv', 2, 'postcode', '{"surname": "parr"}',
    timestamp '2026-01-01 09:00:30', timestamp '2026-01-02 09:00:30', null),
    ('q3', 'i1', 'crm', 'customers', 'a.csv', 3, 'id', '{}',
    timestamp '2026-01-01 09:00:30', timestamp '2026-01-01 09:00:30', timestamp '2026-01-02 09:00:30'),
    ('q4', 'i1', 'egress', 'crm', 'api', 1, 'no such person: lund', '{}',
    timestamp '2026-01-01 09:00:30', timestamp '2026-01-01 09:00:30', null);
