-- The chat under the rules of recordings: how long messages are kept, what holds them, and conversations that leave the server.

-- Who was in a conversation and is no longer: a hold on a person, and a search for one, mean these conversations, too.
create table past_members (
    conversation_id text not null references conversations (id),
    user_id text not null references users (id),
    left_at bigint not null,
    constraint past_members_pkey primary key (conversation_id, user_id)
);
create index past_members_user on past_members (user_id, conversation_id);
-- Of those who left before this was written down, only what they wrote tells.
insert into past_members (conversation_id, user_id, left_at)
    select m.conversation_id, m.sender_id, max(m.created_at) from messages m
    where not exists (select 1 from members p where p.conversation_id = m.conversation_id and p.user_id = m.sender_id)
    group by m.conversation_id, m.sender_id;

-- Messages up to this one are erased; 0: none.
alter table conversations add column erased_seq bigint not null default 0;

-- Erasing a message asks who quotes it.
create index messages_reply_to on messages (reply_to_id) where reply_to_id is not null;
create index drafts_reply_to on drafts (reply_to_id) where reply_to_id is not null;

-- While one lasts, no message of its conversation, or of any conversation of its person, is erased. Exactly one of the two is set.
create table conversation_holds (
    id text not null,
    conversation_id text references conversations (id),
    user_id text references users (id),
    -- How many messages there were when it was placed.
    messages bigint not null,
    reason text not null,
    -- Who answers for it.
    owner_id text not null references users (id),
    placed_by text not null references users (id),
    placed_at bigint not null,
    -- Null: until it is released.
    until bigint,
    released_at bigint,
    released_by text references users (id),
    constraint conversation_holds_pkey primary key (id)
);

-- An export may have conversations beside recordings, or instead; of the messages from one time (inclusive) to another.
alter table recording_exports add column from_at bigint;
alter table recording_exports add column to_at bigint;
create table recording_export_conversations (
    export_id text not null references recording_exports (id),
    conversation_id text not null references conversations (id),
    constraint recording_export_conversations_pkey primary key (export_id, conversation_id)
);
