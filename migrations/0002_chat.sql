-- The whole chat: groups, replies, edits and deletions with their history, mentions, read positions, drafts, attachments, pictures.

-- Null for a direct conversation.
alter table conversations add column name text;
alter table conversations add column picture_id text;

-- Whoever owns a group may remove others; exactly one member of a group does.
alter table members add column owner bigint not null default 0;
-- Everything up to this message has been read; unread counts and read receipts follow from it.
alter table members add column read_seq bigint not null default 0;
-- Whether new messages of this conversation make no sound and no notice for this member.
alter table members add column muted bigint not null default 0;
-- Events of the conversation before this one are not told to this member: who is added later reads them as history.
alter table members add column joined_seq bigint not null default 0;

alter table messages add column edited_at bigint;
-- The text is emptied when a message is deleted; what it said is in message_versions.
alter table messages add column deleted_at bigint;
alter table messages add column reply_to_id text references messages (id);
-- What hangs on the message, as JSON: it never changes once it was sent, so the message holds it whole. Null for nothing.
alter table messages add column attachments text;
-- The ids of those whom the text names, as JSON. Null for nobody.
alter table messages add column mentions text;
-- With the sender, so that unread messages are counted from the index alone.
drop index messages_history;
create unique index messages_history on messages (conversation_id, seq, sender_id);
-- The tables of the full-text search are different on the two databases: src/chat/store/search.rs makes them at start.

-- What a message said before it was edited or deleted, kept for compliance. The current text is in messages.
create table message_versions (
    message_id text not null references messages (id),
    version bigint not null,
    text text not null,
    -- When this text was replaced.
    replaced_at bigint not null,
    constraint message_versions_pkey primary key (message_id, version)
);

create table mentions (
    message_id text not null references messages (id),
    user_id text not null references users (id),
    -- Copied from the message, so that unread mentions are counted from the index alone.
    conversation_id text not null references conversations (id),
    seq bigint not null,
    constraint mentions_pkey primary key (message_id, user_id)
);
create index mentions_unread on mentions (user_id, conversation_id, seq);

-- Unsent text, so that it follows its writer to another device.
create table drafts (
    user_id text not null references users (id),
    conversation_id text not null references conversations (id),
    text text not null,
    reply_to_id text references messages (id),
    updated_at bigint not null,
    constraint drafts_pkey primary key (user_id, conversation_id)
);

-- A file that is being uploaded, waits to be sent, or hangs on a message. The bytes are in the file store under its id.
create table attachments (
    id text not null,
    owner_id text not null references users (id),
    -- As the sender named it, for people only: never part of a path.
    name text not null,
    size bigint not null,
    -- Bytes that have safely arrived.
    received bigint not null,
    voice bigint not null default 0,
    -- Null until all bytes are there and have been looked at.
    completed_at bigint,
    kind text,
    content_type text,
    width bigint,
    height bigint,
    duration_ms bigint,
    -- Base64 of one byte a bar, loudest = 255.
    waveform text,
    -- Whether there is a thumbnail.
    preview bigint not null default 0,
    message_id text references messages (id),
    -- Its place among the attachments of its message.
    position bigint not null default 0,
    created_at bigint not null,
    -- When bytes came last: what stays unfinished or unsent for long is swept away.
    touched_at bigint not null,
    constraint attachments_pkey primary key (id)
);
create index attachments_message on attachments (message_id, position);
create index attachments_owner on attachments (owner_id);
create index attachments_loose on attachments (touched_at) where message_id is null;

-- Pictures of users and groups, made square and small by the server.
alter table users add column picture_id text;
