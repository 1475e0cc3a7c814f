/** The wire types. Written by hand until `npm run api` can generate them. */
export interface components {
  schemas: {
    Role: "employee" | "manager" | "compliance" | "admin";
    Presence: "online" | "away" | "offline";
    User: {
      id: string;
      login: string;
      name: string;
      email: string;
      role: components["schemas"]["Role"];
      invited: boolean;
      created_at: number;
      last_seen_at?: number | null;
      deactivated_at?: number | null;
    };
    Conversation: {
      id: string;
      kind: "direct" | "group";
      members: string[];
      created_at: number;
      last_message?: components["schemas"]["Message"] | null;
    };
    Message: {
      id: string;
      conversation_id: string;
      seq: number;
      sender_id: string;
      client_key: string;
      created_at: number;
    } & ({ kind: "text"; text: string } | { kind: "call"; call: components["schemas"]["CallRecord"] });
    CallKind: "audio" | "video";
    Path: "direct" | "media_node";
    CallPhase: "ringing" | "answered" | "ended";
    Outcome: "completed" | "declined" | "cancelled" | "missed" | "busy" | "lost";
    CallRecord: {
      id: string;
      kind: components["schemas"]["CallKind"];
      outcome: components["schemas"]["Outcome"];
      caller_id: string;
      callee_id: string;
      path?: components["schemas"]["Path"] | null;
      started_at: number;
      answered_at?: number | null;
      ended_at: number;
    };
    CallState: {
      id: string;
      client_key: string;
      conversation_id: string;
      kind: components["schemas"]["CallKind"];
      phase: components["schemas"]["CallPhase"];
      caller_id: string;
      callee_id: string;
      here: boolean;
      participants: components["schemas"]["Participant"][];
      path?: components["schemas"]["Path"] | null;
      path_rule?: string | null;
      offerer: boolean;
      negotiation: number;
      ice_servers: components["schemas"]["IceServer"][];
      started_at: number;
      answered_at?: number | null;
      ended_at?: number | null;
      outcome?: components["schemas"]["Outcome"] | null;
    };
    Participant: { user_id: string; microphone: boolean; camera: boolean; connected: boolean };
    IceServer: { urls: string[] };
    Signal:
      | { type: "offer"; sdp: string }
      | { type: "answer"; sdp: string }
      | {
          type: "candidate";
          candidate: string;
          sdp_mid?: string | null;
          sdp_m_line_index?: number | null;
          username_fragment?: string | null;
        };
    StoredEvent: { id: number } & (
      | { type: "message_created"; message: components["schemas"]["Message"] }
      | { type: "conversation_created"; conversation: components["schemas"]["Conversation"] }
      | { type: "user_changed"; user: components["schemas"]["User"] }
    );
    ClientFrame:
      | { type: "ping" }
      | { type: "presence"; presence: components["schemas"]["Presence"] }
      | { type: "call_start"; client_key: string; callee_id: string; kind: components["schemas"]["CallKind"] }
      | { type: "call_accept"; call_id: string; previous_device_id?: string | null }
      | { type: "call_decline"; call_id: string }
      | { type: "call_hang_up"; call_id: string }
      | { type: "call_signal"; call_id: string; signal: components["schemas"]["Signal"]; negotiation?: number | null }
      | { type: "call_media"; call_id: string; microphone: boolean; camera: boolean };
    ServerFrame:
      | { type: "hello"; user_id: string; device_id: string; last_event_id: number; reset: boolean }
      | { type: "event"; event: components["schemas"]["StoredEvent"] }
      | {
          type: "presence";
          user_id: string;
          presence: components["schemas"]["Presence"];
          last_seen_at?: number | null;
        }
      | { type: "call"; call: components["schemas"]["CallState"] }
      | { type: "call_signal"; call_id: string; signal: components["schemas"]["Signal"] }
      | { type: "error"; code: string; message: string; call_id?: string | null; client_key?: string | null }
      | { type: "pong" };
  };
}
