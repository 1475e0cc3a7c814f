-- Calls while they live, so that one that a crash cuts off still has its history entry; and the list of a user's own calls.

-- One row from before the first ring until the history entry, in whose transaction it goes.
create table live_calls (
    id text not null,
    conversation_id text not null references conversations (id),
    caller_id text not null references users (id),
    callee_id text not null references users (id),
    kind text not null,
    -- Null until the answer, as is the rule; a call that moves is written anew.
    path text,
    path_rule text,
    started_at bigint not null,
    answered_at bigint,
    -- When the server last said that it is there.
    seen_at bigint not null,
    constraint live_calls_pkey primary key (id)
);

-- Ids are ordered by time, and the newest calls are shown first.
create index calls_caller on calls (caller_id, id);
create index calls_callee on calls (callee_id, id);
create index calls_missed on calls (callee_id, id) where answered_at is null and outcome <> 'declined';
