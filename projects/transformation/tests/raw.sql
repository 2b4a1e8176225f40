-- The raw layer as ingress leaves it, from 50 households' part of the real data: their products, and a tenth of the others.
create table raw.pos_transactions as
select *, '1763800000.5' as _dlt_load_id from read_parquet('$DATA/landing/pos/transactions.parquet') where household_id % 50 = 1;
create table raw.pos_products as
select *, '1763800000.5' as _dlt_load_id from read_parquet('$DATA/landing/pos/products.parquet')
where product_id % 10 = 0 or product_id in (select product_id from raw.pos_transactions);
create table raw.pos_campaigns as
select *, '1763800000.5' as _dlt_load_id from read_parquet('$DATA/landing/pos/campaigns.parquet') where household_id % 50 = 1;
create table raw.pos_campaign_descriptions as
select *, '1763800000.5' as _dlt_load_id from read_parquet('$DATA/landing/pos/campaign_descriptions.parquet');
create table raw.pos_coupons as
select *, '1763800000.5' as _dlt_load_id from read_parquet('$DATA/landing/pos/coupons.parquet') where product_id % 10 = 0;
create table raw.pos_coupon_redemptions as
select *, '1763800000.5' as _dlt_load_id from read_parquet('$DATA/landing/pos/coupon_redemptions.parquet') where household_id % 50 = 1;
create table raw.pos_demographics as
select *, '1763800000.5' as _dlt_load_id from read_parquet('$DATA/landing/pos/demographics.parquet') where household_id % 50 = 1;
create table raw.crm_customers as
select *, '1763800001.5' as _dlt_load_id from read_csv('$DATA/landing/crm/customers.csv', all_varchar = true, header = true);
create table raw.supplier_items as
select *, '1763800001.5' as _dlt_load_id
from read_csv('$DATA/landing/supplier/price_list_2018-01.csv', all_varchar = true, header = true);
create table raw.loyalty_members as
select *, '1763800002.5' as _dlt_load_id
from read_json('$DATA/demo/loyalty_members.json', columns = {
    member_id: 'varchar', first_name: 'varchar', last_name: 'varchar', street_no: 'varchar', street: 'varchar', building: 'varchar',
    city: 'varchar', post_code: 'varchar', region: 'varchar', birth_date: 'varchar', household_id: 'bigint'
})
