-- The path policy gets rules, which are kept with the default in one JSON value: it is read and replaced whole, and order is part of
-- it. The default that was set before, one word, becomes a policy without rules.

insert into settings (name, value, updated_at, updated_by)
    select 'path_policy', '{"default":"' || value || '","rules":[]}', updated_at, updated_by from settings where name = 'call_path';
delete from settings where name = 'call_path';
