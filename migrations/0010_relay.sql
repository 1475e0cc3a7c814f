-- What staff found when they checked their connection, and what the relay carried hour by hour.

-- A row from the start of a check; those whose page went away before it had a result are deleted with the old ones.
create table connection_checks (
    id text not null,
    user_id text not null references users (id),
    -- Of the connection: behind a proxy, the proxy's.
    address text not null,
    -- The browser, as it calls itself.
    agent text not null,
    started_at bigint not null,
    -- These are null until the result is stored.
    finished_at bigint,
    verdict text,
    -- JSON, a list of what was tried.
    legs text,
    -- The legs of it that failed, by their words, with commas between them.
    failed_legs text,
    -- The call whose media had failed. Not a reference: it may not have its row yet.
    call_id text,
    constraint connection_checks_pkey primary key (id)
);

create index connection_checks_finished on connection_checks (finished_at);

create table relay_hours (
    -- When the hour began.
    at bigint not null,
    -- To and from TURN clients, and to and from participants at the media node.
    turn_bytes bigint not null,
    media_bytes bigint not null,
    constraint relay_hours_pkey primary key (at)
);

-- For the counts of the last day.
create index calls_ended on calls (ended_at);
