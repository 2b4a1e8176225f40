-- What the projects declare of their roles, as the other files read it: from the session's setting `platform.roles`,
-- which is what `./pixiw run -e default python -m shared.config.roles` prints. For this session only.

create or replace temporary view declared as
select
    login,
    reader,
    writes,
    scratch,
    reads,
    grants,
    role,
    command,
    languages
from jsonb_to_recordset(current_setting('platform.roles')::jsonb) as roles (
    login text,
    reader boolean,
    writes text [],
    scratch text [],
    reads text [],
    grants jsonb,
    role text,
    command text,
    languages text []
);
