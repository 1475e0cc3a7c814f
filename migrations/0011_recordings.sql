-- Recording for compliance: who agreed, what was recorded and with which key, what had to be recorded and was not, what officers say
-- and do about it. The bytes are in the recordings folder or in S3; without the rows of recording_keys they mean nothing.

-- Written once. The call may not have its row yet, hence no reference; the same below.
create table call_consents (
    call_id text not null,
    user_id text not null references users (id),
    device_id text not null,
    notice_version bigint not null,
    -- SHA-256 of what was shown.
    text_hash text not null,
    language text not null,
    at bigint not null,
    constraint call_consents_pkey primary key (call_id, device_id, notice_version, at)
);

create table recordings (
    id text not null,
    call_id text not null,
    conversation_id text not null references conversations (id),
    caller_id text not null references users (id),
    callee_id text not null references users (id),
    kind text not null,
    rule text not null,
    mode text not null,
    notice_version bigint not null,
    -- starting, recording, closed, recovered (after a crash or a fault), failed (nothing is there), erased.
    state text not null,
    started_at bigint not null,
    -- Null until it is closed, as are the rest of these.
    ended_at bigint,
    duration_ms bigint,
    gaps bigint,
    segments bigint,
    bytes bigint,
    -- It may be deleted from then on.
    retain_until bigint not null,
    -- What an officer calls it: a number of a deal, say.
    tag text,
    -- Folded, so that it is found however it is typed.
    tag_key text,
    -- new, reviewed, flagged.
    review text not null,
    erased_at bigint,
    constraint recordings_pkey primary key (id)
);
create index recordings_call on recordings (call_id);
create index recordings_caller on recordings (caller_id, id);
create index recordings_callee on recordings (callee_id, id);
create index recordings_retained on recordings (retain_until) where erased_at is null;

-- The key of each recording, wrapped once for the server and once for all age recipients together. Deleting these is erasing it.
create table recording_keys (
    recording_id text not null references recordings (id),
    -- server, age.
    recipient text not null,
    wrapped text not null,
    constraint recording_keys_pkey primary key (recording_id, recipient)
);

-- Whose session of the media node is which.
create table recording_peers (
    recording_id text not null references recordings (id),
    peer text not null,
    user_id text not null references users (id),
    constraint recording_peers_pkey primary key (recording_id, peer)
);

create table recording_streams (
    recording_id text not null references recordings (id),
    stream bigint not null,
    user_id text references users (id),
    -- microphone, camera, screen, with commas between them; empty for the events and the mix.
    sources text not null,
    starts_ms bigint not null,
    duration_ms bigint not null,
    bytes bigint not null,
    constraint recording_streams_pkey primary key (recording_id, stream)
);

create table recording_segments (
    recording_id text not null references recordings (id),
    segment bigint not null,
    bytes bigint not null,
    -- The chain's head at its end.
    hash text not null,
    -- Null until it is in S3; also where there is none.
    uploaded_at bigint,
    constraint recording_segments_pkey primary key (recording_id, segment)
);
create index recording_segments_due on recording_segments (recording_id, segment) where uploaded_at is null;

-- Written once, one chain for the whole server: each row's hash covers the row before, and is signed.
create table recording_heads (
    number bigint not null,
    recording_id text not null,
    segment bigint not null,
    record bigint not null,
    head text not null,
    at bigint not null,
    -- Nothing more is recorded after it.
    last bigint not null,
    hash text not null,
    signature text not null,
    constraint recording_heads_pkey primary key (number)
);
create index recording_heads_recording on recording_heads (recording_id, number);

-- Written once.
create table recording_failures (
    call_id text not null,
    recording_id text,
    conversation_id text not null references conversations (id),
    caller_id text not null references users (id),
    callee_id text not null references users (id),
    rule text not null,
    fault text not null,
    at bigint not null,
    constraint recording_failures_pkey primary key (call_id, at)
);
create index recording_failures_at on recording_failures (at);

-- Written once.
create table recording_notes (
    id text not null,
    recording_id text not null references recordings (id),
    author_id text not null references users (id),
    text text not null,
    text_key text not null,
    -- What of the recording it is about; null: the whole.
    at_ms bigint,
    created_at bigint not null,
    constraint recording_notes_pkey primary key (id)
);
create index recording_notes_recording on recording_notes (recording_id, id);

create table recording_holds (
    id text not null,
    recording_id text not null references recordings (id),
    reason text not null,
    -- Who answers for it.
    owner_id text not null references users (id),
    placed_by text not null references users (id),
    placed_at bigint not null,
    -- Null: until it is released.
    until bigint,
    released_at bigint,
    released_by text references users (id),
    constraint recording_holds_pkey primary key (id)
);
create index recording_holds_recording on recording_holds (recording_id);

create table recording_exports (
    id text not null,
    reason text not null,
    requested_by text not null references users (id),
    requested_at bigint not null,
    needs_approval bigint not null,
    approved_by text references users (id),
    approved_at bigint,
    constraint recording_exports_pkey primary key (id)
);

create table recording_export_items (
    export_id text not null references recording_exports (id),
    recording_id text not null references recordings (id),
    constraint recording_export_items_pkey primary key (export_id, recording_id)
);

-- Who did what to one recording.
create index audit_entries_target on audit_entries (target_kind, target_id, id);
