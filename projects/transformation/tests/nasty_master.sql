-- Entities with names that JSON has to escape, and one that holds two cards.
insert into master.customer_xref (party_id, entity_id, source_system, source_id, resolved_at, run_id) values
    ('crm:N-1', 'N1', 'crm', 'N-1', '2026-01-01', 'run'), ('loyalty:M-1', 'N1', 'loyalty', 'M-1', '2026-01-01', 'run'),
    ('crm:N-2', 'N2', 'crm', 'N-2', '2026-01-01', 'run'), ('loyalty:M-2', 'N2', 'loyalty', 'M-2', '2026-01-01', 'run'),
    ('loyalty:M-3', 'N2', 'loyalty', 'M-3', '2026-01-01', 'run'),
    ('crm:N-6', 'N"6\', 'crm', 'N-6', '2026-01-01', 'run'), ('crm:N-4', 'N4', 'crm', 'N-4', '2026-01-01', 'run');
insert into master.golden_customer
    (entity_id, given_name, surname, suburb, date_of_birth, party_count, source_systems, crm_customer_id, household_id, resolved_at, run_id)
values
    ('N1', 'zoë åsa', 'o''brien "bob" \', 'müllheim', null, 2, 'crm,loyalty', 'N-1', 900001, '2026-01-01', 'run'),
    ('N2', 'νικος', '\u000b \\u001f /', chr(8232), '1900-01-01', 3, 'crm,loyalty', 'N-2', 900005, '2026-01-01', 'run'),
    ('N"6\', 'a' || chr(11) || 'b' || chr(31) || chr(14) || chr(1) || '\' || chr(27), chr(8) || chr(9) || chr(10) || chr(12) || chr(13) || chr(127), '🍎', null, 1, 'crm', 'N-6', null, '2026-01-01', 'run'),
    ('N4', '', null, '', null, 1, 'crm', 'N-4', 900003, '2026-01-01', 'run')
