-- People: settings that follow a user to every device, what a session was begun with, and the audit log.

-- Null: as the browser says.
alter table users add column language text;
alter table users add column theme text not null default 'system';
alter table users add column email_notices bigint not null default 1;
alter table users add column desktop_notices bigint not null default 1;
alter table users add column sound bigint not null default 1;

-- The browser's User-Agent at the sign-in, so that its user recognises the session in a list.
alter table sessions add column agent text not null default '';

-- Who did what. Rows are added and never changed or deleted: triggers refuse it (src/db/append_only.rs, their text is not one
-- for both databases).
create table audit_entries (
    id text not null,
    at bigint not null,
    -- Null: nobody who is signed in.
    actor_id text references users (id),
    action text not null,
    -- What it was done to: user, message, or null where the action says it all.
    target_kind text,
    target_id text,
    -- The action's own fields, JSON.
    details text not null,
    constraint audit_entries_pkey primary key (id)
);
create index audit_entries_actor on audit_entries (actor_id, id);
create index audit_entries_action on audit_entries (action, id);
