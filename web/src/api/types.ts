/** Short names for the generated wire types, so that nobody spells `components["schemas"]` elsewhere. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Role = Schemas["Role"];
export type Presence = Schemas["Presence"];
export type User = Schemas["User"];
/** A user with their presence at the time of asking. */
export type ListedUser = Schemas["ListedUser"];
export type NewUser = Schemas["NewUser"];
export type UserChange = Schemas["UserChange"];
export type SignedIn = Schemas["SignedIn"];
export type InvitationInfo = Schemas["InvitationInfo"];
export type InvitationLink = Schemas["InvitationLink"];
export type AcceptInvitation = Schemas["Acceptance"];

/** What a user has set for themselves. */
export type Settings = Schemas["Settings"];
export type SettingsChange = Schemas["SettingsChange"];
export type PasswordChange = Schemas["PasswordChange"];
/** Another place where one is signed in. */
export type OtherSession = Schemas["OtherSession"];
/** A line of the audit log. */
export type AuditEntry = Schemas["AuditEntry"];
export type AuditAction = Schemas["AuditAction"]["action"];
export type UploadLimits = Schemas["UploadLimits"];
export type UploadReport = Schemas["UploadReport"];
export type AuditPage = Schemas["AuditPage"];

export type Conversation = Schemas["Conversation"];
/** A conversation with what only its reader sees. */
export type ListedConversation = Schemas["ListedConversation"];
export type Member = Schemas["Member"];
export type Draft = Schemas["Draft"];
export type Message = Schemas["Message"];
export type MessageVersion = Schemas["MessageVersion"];
export type Notice = Schemas["Notice"];
export type Quote = Schemas["Quote"];
export type NewMessage = Schemas["NewMessage"];
export type History = Schemas["History"];
export type Found = Schemas["Found"];
export type Hit = Schemas["Hit"];
export type Attachment = Schemas["Attachment"];
export type AttachmentKind = Schemas["AttachmentKind"];

export type CallKind = Schemas["CallKind"];
export type CallPath = Schemas["Path"];
export type CallRecord = Schemas["CallRecord"];
export type CallEntry = Schemas["CallEntry"];
export type CallPage = Schemas["CallPage"];
export type CallState = Schemas["CallState"];
/** Where the recording of a call stands, and what one agrees to. */
export type CallRecording = Schemas["CallRecording"];
export type RecordingNotice = Schemas["RecordingNotice"];
export type Outcome = Schemas["Outcome"];
export type Signal = Schemas["Signal"];
/** A check of somebody's connection. */
export type Leg = Schemas["Leg"];
export type LegResult = Schemas["LegResult"];
export type CheckVerdict = Schemas["Verdict"];
export type StartedCheck = Schemas["StartedCheck"];
export type Findings = Schemas["Findings"];
export type LoopbackEnd = Schemas["LoopbackEnd"];
export type PathPolicy = Schemas["PathPolicy"];
export type PathRule = Schemas["PathRule"];
export type PathRuleMatch = Schemas["PathRuleMatch"];
export type PathTrial = Schemas["PathTrial"];
export type PathTrialResult = Schemas["PathTrialResult"];
export type CallMove = Schemas["CallMove"];
export type IceServers = Schemas["IceServers"];
export type IceServer = Schemas["IceServer"];
export type Policy = Schemas["Policy"];
/** The relay's dashboard. */
export type RelayReport = Schemas["RelayReport"];
export type LiveCall = Schemas["LiveCall"];
export type LastDay = Schemas["LastDay"];
export type RelayHour = Schemas["Hour"];
export type Reachability = Schemas["Reachability"];
/** What somebody found who checked their connection. */
export type ConnectionCheck = Schemas["ConnectionCheck"];
export type CheckPage = Schemas["CheckPage"];
export type MailReport = Schemas["MailReport"];
export type MailChange = Schemas["MailChange"];
export type MailOutcome = Schemas["MailOutcome"];
export type MailProblem = Schemas["Problem"];
export type MailSettings = Schemas["MailSettings"];
export type MailEncryption = Schemas["Encryption"];
export type PushSubscriptionBody = Schemas["PushSubscription"];

export type StoredEvent = Schemas["StoredEvent"];
export type EventPage = Schemas["Page"];
export type ClientFrame = Schemas["ClientFrame"];
export type ServerFrame = Schemas["ServerFrame"];
