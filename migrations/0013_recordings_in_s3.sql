-- What keeps a segment in a bucket with Object Lock, so that it is told the bucket again only when it changes.
alter table recording_segments add column locked_until bigint;
alter table recording_segments add column legal_hold bigint not null default 0;
