-- Notices for those who are not looking: who is to be told by mail, the mails themselves, and the browsers that take web push.

-- Up to where the event stream has been looked through for mail. It moves in the transaction of what it led to.
create table notice_position (
    id bigint not null,
    event_id bigint not null,
    constraint notice_position_pkey primary key (id)
);
insert into notice_position (id, event_id) select 1, last from event_counter where id = 1;

-- One row for each member of a conversation who was ever to be told of it by mail.
create table mail_notices (
    user_id text not null references users (id),
    conversation_id text not null references conversations (id),
    -- When a mail is to go out; null while nothing waits.
    due_at bigint,
    -- Messages up to this one have been in a mail.
    told_seq bigint not null default 0,
    constraint mail_notices_pkey primary key (user_id, conversation_id)
);
create index mail_notices_due on mail_notices (due_at) where due_at is not null;

-- The outbox. A row is made before the first attempt to send it, and its id is in the Message-ID of every attempt.
create table mails (
    id text not null,
    user_id text not null references users (id),
    -- JSON: the conversations that it tells of, each with its stretch of messages.
    parts text not null,
    created_at bigint not null,
    attempts bigint not null default 0,
    tried_at bigint,
    -- When to try next; null once it was sent or given up.
    next_at bigint,
    sent_at bigint,
    -- What went wrong at the last attempt, in the words of the mail server.
    problem text,
    constraint mails_pkey primary key (id)
);
create index mails_next on mails (next_at) where next_at is not null;
create index mails_user on mails (user_id, sent_at);

-- A browser that takes web push, for as long as the session lives in which it said so.
create table push_subscriptions (
    endpoint text not null,
    session_id text not null references sessions (id) on delete cascade,
    user_id text not null references users (id),
    -- Base64url as the browser gives them: its public key, and the secret that only it and we know (RFC 8291).
    p256dh text not null,
    auth text not null,
    -- Of the page that subscribed: the words of its notices.
    language text not null,
    created_at bigint not null,
    constraint push_subscriptions_pkey primary key (endpoint)
);
create index push_subscriptions_user on push_subscriptions (user_id);
create index push_subscriptions_session on push_subscriptions (session_id);
