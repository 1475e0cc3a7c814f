-- Deleted messages, notices of groups and calls that were answered or declined are nothing that waits to be read.

-- Whether it counts as unread until it is read; see MessageContent::counts.
alter table messages add column counts bigint not null default 1;
update messages set counts = 0 where deleted_at is not null or kind = 'notice'
    or (kind = 'call' and text not like '%"outcome":"missed"%' and text not like '%"outcome":"cancelled"%'
        and text not like '%"outcome":"busy"%');
-- With what the count of unread messages asks for, so that it reads the index alone.
drop index messages_history;
create unique index messages_history on messages (conversation_id, seq, sender_id, counts);
