//! A reader of WebM of its own, which knows nothing of the writer.

/// A block as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) track: u8,
    pub(crate) ms: i64,
    pub(crate) is_key: bool,
    pub(crate) data: Vec<u8>,
}

/// What a file has in it.
#[derive(Debug, Default)]
pub(crate) struct File {
    /// Ids below the segment, in order.
    pub(crate) elements: Vec<u32>,
    pub(crate) duration_ms: Option<f64>,
    pub(crate) clusters: Vec<Vec<Block>>,
    /// Positions of clusters, since the beginning of the segment's body.
    pub(crate) positions: Vec<u64>,
    /// Time, track and position.
    pub(crate) cues: Vec<(u64, u64, u64)>,
}

impl File {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut file = Self::default();
        let (id, body, rest) = element(bytes);
        assert_eq!(id, 0x1a45_dfa3);
        assert!(body.windows(4).any(|bytes| bytes == b"webm"));
        let (id, body, behind) = element(rest);
        assert_eq!((id, behind.len()), (0x1853_8067, 0));
        let mut rest = body;
        while !rest.is_empty() {
            let position = (body.len() - rest.len()) as u64;
            let (id, content, behind) = element(rest);
            file.elements.push(id);
            match id {
                0x1549_a966 => file.duration_ms = find(content, 0x4489).map(|body| f64::from_be_bytes(body.try_into().unwrap())),
                0x1f43_b675 => {
                    file.positions.push(position);
                    file.clusters.push(cluster(content));
                }
                0x1c53_bb6b => file.cues = children(content).into_iter().map(|(_, point)| cue(point)).collect(),
                _ => {}
            }
            rest = behind;
        }
        file
    }

    pub(crate) fn blocks(&self, track: u8) -> Vec<&Block> {
        self.clusters.iter().flatten().filter(|block| block.track == track).collect()
    }

    /// Checks what every file must keep to, whatever is in it.
    pub(crate) fn check(&self) {
        for cluster in &self.clusters {
            let times = cluster.iter().map(|block| block.ms).collect::<Vec<_>>();
            assert!(times.is_sorted(), "a cluster out of order: {times:?}");
            assert!(times.last().unwrap() - times[0] <= 1000, "a long cluster");
        }
        let times = self.clusters.iter().flatten().map(|block| block.ms).collect::<Vec<_>>();
        assert!(times.is_sorted(), "time goes back: {times:?}");
        if let Some(first) = self.blocks(2).first() {
            assert!(first.is_key, "pictures begin with a key frame");
        }
        for (ms, track, position) in &self.cues {
            let cluster = self.positions.iter().position(|at| at == position).expect("a cue leads to a cluster");
            let there = |block: &Block| u64::from(block.track) == *track && block.ms == *ms as i64 && block.is_key;
            assert!(self.clusters[cluster].iter().any(there), "nothing is where a cue says");
        }
    }

    /// Sound without a hole: each packet begins where the one before ends, on the grid.
    pub(crate) fn check_sound(&self) {
        for pair in self.blocks(1).windows(2) {
            assert_eq!(pair[1].ms - pair[0].ms, 20, "at {}", pair[0].ms);
        }
    }
}

fn cluster(content: &[u8]) -> Vec<Block> {
    let start = uint(find(content, 0xe7).unwrap()) as i64;
    let block = |body: &[u8]| Block {
        track: body[0] & 0x7f,
        ms: start + i64::from(i16::from_be_bytes([body[1], body[2]])),
        is_key: body[3] & 0x80 != 0,
        data: body[4..].to_vec(),
    };
    children(content).into_iter().filter(|(id, _)| *id == 0xa3).map(|(_, body)| block(body)).collect()
}

fn cue(point: &[u8]) -> (u64, u64, u64) {
    let place = find(point, 0xb7).unwrap();
    (uint(find(point, 0xb3).unwrap()), uint(find(place, 0xf7).unwrap()), uint(find(place, 0xf1).unwrap()))
}

/// An element's id and content, and what is behind it. Of unknown length is all that there is.
fn element(bytes: &[u8]) -> (u32, &[u8], &[u8]) {
    let id_len = bytes[0].leading_zeros() as usize + 1;
    let len_len = bytes[id_len].leading_zeros() as usize + 1;
    let value = uint(&bytes[id_len..id_len + len_len]) & ((1 << (7 * len_len)) - 1);
    let rest = &bytes[id_len + len_len..];
    let len = if value == (1 << (7 * len_len)) - 1 { rest.len() } else { value as usize };
    (uint(&bytes[..id_len]) as u32, &rest[..len], &rest[len..])
}

fn children(mut content: &[u8]) -> Vec<(u32, &[u8])> {
    let mut children = Vec::new();
    while !content.is_empty() {
        let (id, body, rest) = element(content);
        children.push((id, body));
        content = rest;
    }
    children
}

fn find(content: &[u8], id: u32) -> Option<&[u8]> {
    children(content).into_iter().find(|child| child.0 == id).map(|child| child.1)
}

fn uint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}
