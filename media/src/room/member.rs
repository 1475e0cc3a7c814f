//! One member of a room: its SRTP contexts, its sources and down tracks, and what of the others it is shown.

use std::time::Instant;

use super::{
    MediaDescription, MediaLine, MemberKey, RoomReport, Simulcast, UpKey, ahead::Ahead, downlink::Downlink, layers::LayerTap,
    layers::Shown, pacer::Pacer, slots::Publication, uplink::Uplink,
};
use crate::{
    control::PeerId,
    datagram::Route,
    outbox::Outbox,
    rtcp::Compound,
    rtp::Header,
    srtp::{Opener, ReplayWindow, Sealer, SrtpKeys},
    timers::Scheduled,
    track::{DownTrack, Role, Ssrc},
};

/// Sources that a member may have sent under its keys. The windows of those that are gone stay, or their packets could be replayed; a
/// member that keeps to its session is far below.
const MAX_SOURCES: usize = 256;

/// What our reports call us before the member has a down track.
const NO_SSRC: Ssrc = Ssrc(1);

/// SRTCP indexes have 31 bits (RFC 3711 §3.4).
const LAST_RTCP_INDEX: u32 = (1 << 31) - 1;

#[derive(Debug)]
pub(super) struct Line {
    pub(super) description: MediaLine,
    /// One for each layer of a picture with simulcast, in the order of its rids; otherwise one, if the member sends here.
    pub(super) ups: Vec<UpKey>,
    /// Set for a picture in layers.
    pub(super) tap: Option<LayerTap>,
}

impl Line {
    fn simulcast(&self) -> Option<&Simulcast> {
        self.description.up.as_ref()?.simulcast.as_ref()
    }

    /// Sources that are this line's whatever their packets say.
    fn announced(&self) -> &[Ssrc] {
        self.description.up.as_ref().filter(|up| up.simulcast.is_none()).map_or(&[], |up| &up.ssrcs)
    }

    /// Whether a source may belong to this line that was not announced.
    fn takes_unannounced(&self) -> bool {
        self.description.up.as_ref().is_some_and(|up| up.simulcast.is_some() || up.ssrcs.is_empty())
    }

    /// The track that a packet belongs to, if it is this line's: of layers the one that the packet names (RFC 8852 §3).
    fn up_of(&self, role: Role, header: &Header, data: &[u8]) -> Option<UpKey> {
        let Some(simulcast) = self.simulcast() else { return self.ups.first().copied() };
        let extension = match role {
            Role::Media => simulcast.rid_extension,
            Role::Rtx => simulcast.repaired_rid_extension?,
        };
        let named = header.extension(data, extension)?;
        let at = simulcast.rids.iter().position(|rid| rid.0.as_bytes() == named)?;
        self.ups.get(at).copied()
    }
}

/// What a source is, as long as it belongs to a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Binding {
    pub(super) up: UpKey,
    pub(super) role: Role,
    pub(super) payload_type: u8,
    /// Sound may come as this, too.
    pub(super) red: Option<u8>,
}

impl Binding {
    pub(super) fn takes(&self, payload_type: u8) -> bool {
        payload_type == self.payload_type || Some(payload_type) == self.red
    }
}

/// An SSRC that the member sent authentic packets with.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) ssrc: Ssrc,
    pub(super) window: ReplayWindow,
    pub(super) binding: Option<Binding>,
}

/// The contexts of one pair of keys.
#[derive(Debug)]
pub(super) struct Srtp {
    pub(super) keys: SrtpKeys,
    pub(super) sealer: Sealer,
    pub(super) opener: Opener,
}

/// A down track, and what it shows.
#[derive(Debug)]
pub(super) struct Down {
    pub(super) track: DownTrack,
    pub(super) line: usize,
    pub(super) shown: Shown,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) key: MemberKey,
    pub(super) peer: PeerId,
    pub(super) lines: Vec<Line>,
    /// Those that joined last come first: they are the ones that send.
    pub(super) sources: Vec<Source>,
    pub(super) downs: Vec<Down>,
    /// Down tracks that were renegotiated away. Should their SSRC come back, their indexes must go on: the keys are the same.
    parked: Vec<DownTrack>,
    pub(super) slots: Vec<Option<Publication>>,
    /// The down track that shows an up track, or another layer of its picture, by the up track's key.
    pub(super) down_of: Vec<Option<u16>>,
    pub(super) srtp: Option<Srtp>,
    next_rtcp_index: u32,
    pub(super) route: Option<Route>,
    /// What comes of it is dropped, see [`super::Room::hold_back`].
    pub(super) held_back: bool,
    /// Where the member tells when our packets came.
    pub(super) downlink: Option<Downlink>,
    pub(super) uplink: Uplink,
    pub(super) pacer: Pacer,
    pub(super) ahead: Ahead,
    /// The last REMB: bit/s for all that we send.
    pub(super) remb: Option<(u64, Instant)>,
    pub(super) report_timer: Scheduled,
    pub(super) reported: Option<Instant>,
    pub(super) rtp_in: u64,
    pub(super) rtp_out: u64,
}

impl Member {
    pub(super) fn new(key: MemberKey, peer: PeerId) -> Self {
        Self {
            key,
            peer,
            lines: Vec::new(),
            sources: Vec::new(),
            downs: Vec::new(),
            parked: Vec::new(),
            slots: Vec::new(),
            down_of: Vec::new(),
            srtp: None,
            next_rtcp_index: 0,
            route: None,
            held_back: false,
            downlink: None,
            uplink: Uplink::default(),
            pacer: Pacer::default(),
            ahead: Ahead::default(),
            remb: None,
            report_timer: Scheduled::default(),
            reported: None,
            rtp_in: 0,
            rtp_out: 0,
        }
    }

    /// New keys: what was said under the old ones counts no more. The same keys again must change nothing, least of all an index.
    pub(super) fn set_keys(&mut self, keys: SrtpKeys) -> bool {
        if self.srtp.as_ref().is_some_and(|srtp| srtp.keys == keys) {
            return false;
        }
        let sealer = Sealer::new(keys.profile, &keys.tx);
        let opener = Opener::new(keys.profile, &keys.rx);
        if self.srtp.replace(Srtp { keys, sealer, opener }).is_some() {
            self.sources.clear();
            self.pacer.clear();
            self.downs.iter_mut().map(|down| &mut down.track).chain(&mut self.parked).for_each(DownTrack::rekey);
        }
        true
    }

    /// Takes over the down tracks of a new description; those whose SSRC stays go on.
    pub(super) fn configure_downs(&mut self, media: &MediaDescription) {
        self.parked.extend(self.downs.drain(..).map(|down| down.track));
        for (line, description) in media.lines.iter().enumerate() {
            let Some(down) = &description.down else { continue };
            // Two tracks with one SSRC would be two writers of one nonce.
            if self.downs.iter().any(|other| other.track.uses(down)) || down.rtx_ssrc == Some(down.ssrc) {
                continue;
            }
            let parked = self.parked.iter().position(|track| track.ssrc() == down.ssrc && track.kind() == description.kind);
            let track = match parked.map(|at| self.parked.swap_remove(at)) {
                Some(mut track) => {
                    track.configure(description, down);
                    track
                }
                None => DownTrack::new(description, down),
            };
            self.downs.push(Down { track, line, shown: Shown::default() });
        }
        let tells = self.downs.iter().any(|down| down.track.extensions().0.transport_sequence.is_some());
        self.downlink = tells.then(|| self.downlink.take().unwrap_or_default());
    }

    /// Frees every source whose binding the new description does not allow, and gives the others their payload types.
    pub(super) fn rebind_sources(&mut self, mut freed: impl FnMut(UpKey, Ssrc)) {
        let lines = &self.lines;
        for source in &mut self.sources {
            let Some(binding) = source.binding else { continue };
            let line = lines.iter().find(|line| line.ups.contains(&binding.up));
            let kept = line.filter(|line| line.takes_unannounced() || line.announced().contains(&source.ssrc));
            let payload_type = kept.and_then(|line| match binding.role {
                Role::Media => Some(line.description.payload_type),
                Role::Rtx => line.description.rtx_payload_type,
            });
            let red = kept.and_then(|line| line.description.red_payload_type);
            source.binding = payload_type.map(|payload_type| Binding { payload_type, red, ..binding });
            if source.binding.is_none() {
                freed(binding.up, source.ssrc);
            }
        }
    }

    pub(super) fn source(&self, ssrc: Ssrc) -> Option<usize> {
        self.sources.iter().position(|source| source.ssrc == ssrc)
    }

    pub(super) fn has_room_for_a_source(&self) -> bool {
        self.sources.len() < MAX_SOURCES
    }

    /// What an unknown source could be: announced, or of the m-line that the packet names, or of one that awaits its payload type. Of a line
    /// with simulcast it is the layer that the packet names, or nothing. `is_free` says whether a stream of a track may be taken over.
    pub(super) fn binding_for(&self, header: &Header, data: &[u8], is_free: impl Fn(UpKey, Role) -> bool) -> Option<Binding> {
        let candidate = |line: &Line| {
            let MediaLine { payload_type, rtx_payload_type, red_payload_type: red, .. } = line.description;
            let (role, payload_type) = if header.payload_type == payload_type || Some(header.payload_type) == red {
                (Role::Media, payload_type)
            } else if Some(header.payload_type) == rtx_payload_type {
                (Role::Rtx, header.payload_type)
            } else {
                return None;
            };
            let up = line.up_of(role, header, data)?;
            is_free(up, role).then_some(Binding { up, role, payload_type, red })
        };
        if let Some(line) = self.lines.iter().find(|line| line.announced().contains(&header.ssrc)) {
            return candidate(line);
        }
        let named = |line: &&Line| {
            let value = line.description.mid_extension.and_then(|id| header.extension(data, id));
            value.is_some_and(|value| value == line.description.mid.0.as_bytes())
        };
        if let Some(line) = self.lines.iter().find(named) {
            return candidate(line);
        }
        self.lines.iter().filter(|line| line.takes_unannounced()).find_map(candidate)
    }

    pub(super) fn down_by_ssrc(&mut self, ssrc: Ssrc) -> Option<(usize, &mut Down)> {
        self.downs.iter_mut().enumerate().find(|(_, down)| down.track.ssrc() == ssrc)
    }

    /// The SSRC of our reports to this member.
    pub(super) fn local_ssrc(&self) -> Ssrc {
        self.downs.first().map_or(NO_SSRC, |down| down.track.ssrc())
    }

    pub(super) fn cname(&self) -> &str {
        self.downs.first().map_or("staffline", |down| down.track.cname())
    }

    /// Seals and sends a compound packet, if there is one and the member can be reached.
    pub(super) fn send_rtcp(&mut self, compound: &Compound, out: &mut impl Outbox, report: &mut RoomReport) {
        let (Some(srtp), Some(route)) = (&self.srtp, self.route) else { return };
        let plain = compound.bytes();
        if plain.is_empty() || self.next_rtcp_index > LAST_RTCP_INDEX {
            return;
        }
        let packet = out.packet(route, plain.len() + srtp.sealer.rtcp_overhead());
        packet[..plain.len()].copy_from_slice(plain);
        srtp.sealer.seal_rtcp(self.next_rtcp_index, packet);
        self.next_rtcp_index += 1;
        report.media_packets_out += 1;
        report.media_bytes_out += packet.len() as u64;
    }
}
