-- The first schema: people, how they get in, conversations, the event stream, calls, settings.
-- One text for SQLite and PostgreSQL. Ids are UUIDv7 as text, times are milliseconds since 1970 as bigint,
-- a nullable time says both whether and when.

create table users (
    id text not null,
    login text not null,
    -- Case-folded, so that "Ivan" and "ivan" are one person.
    login_key text not null,
    name text not null,
    email text not null,
    role text not null,
    -- Null until the invitation was followed.
    password_hash text,
    created_at bigint not null,
    last_seen_at bigint,
    deactivated_at bigint,
    constraint users_pkey primary key (id),
    constraint users_login_key unique (login_key)
);

-- One-time links. One without a user creates the first admin, and only while there are no users.
create table invitations (
    token_hash text not null,
    user_id text references users (id),
    created_at bigint not null,
    expires_at bigint not null,
    used_at bigint,
    constraint invitations_pkey primary key (token_hash)
);

create table sessions (
    id text not null,
    token_hash text not null,
    user_id text not null references users (id),
    created_at bigint not null,
    expires_at bigint not null,
    constraint sessions_pkey primary key (id),
    constraint sessions_token_hash unique (token_hash)
);
create index sessions_user on sessions (user_id);

create table conversations (
    id text not null,
    kind text not null,
    -- The two user ids of a direct conversation in order, so that there is one for each pair.
    direct_key text,
    created_at bigint not null,
    constraint conversations_pkey primary key (id),
    constraint conversations_direct_key unique (direct_key)
);

create table members (
    conversation_id text not null references conversations (id),
    user_id text not null references users (id),
    joined_at bigint not null,
    constraint members_pkey primary key (conversation_id, user_id)
);
create index members_user on members (user_id, conversation_id);

create table calls (
    id text not null,
    conversation_id text not null references conversations (id),
    caller_id text not null references users (id),
    callee_id text not null references users (id),
    kind text not null,
    outcome text not null,
    path text,
    path_rule text,
    started_at bigint not null,
    answered_at bigint,
    ended_at bigint not null,
    constraint calls_pkey primary key (id)
);

create table messages (
    id text not null,
    conversation_id text not null references conversations (id),
    -- The id of the event that told of it: history is paged by it.
    seq bigint not null,
    sender_id text not null references users (id),
    client_key text not null,
    kind text not null,
    text text not null,
    call_id text references calls (id),
    created_at bigint not null,
    constraint messages_pkey primary key (id),
    constraint messages_client_key unique (sender_id, client_key)
);
create unique index messages_history on messages (conversation_id, seq);

-- The event stream. Ids come from the counter's one row, taken last in each transaction: its lock makes the order of ids the
-- order of commits, so a reader that has seen id N has seen everything before it.
create table event_counter (
    id bigint not null,
    last bigint not null,
    constraint event_counter_pkey primary key (id)
);
insert into event_counter (id, last) values (1, 0);

-- Seen by one user, by the members of a conversation, or (both null) by everybody.
create table events (
    id bigint not null,
    user_id text references users (id),
    conversation_id text references conversations (id),
    payload text not null,
    created_at bigint not null,
    constraint events_pkey primary key (id)
);
create index events_created on events (created_at);

create table settings (
    name text not null,
    value text not null,
    updated_at bigint not null,
    updated_by text references users (id),
    constraint settings_pkey primary key (name)
);
