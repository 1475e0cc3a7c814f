//! Batched socket calls, and the media path of `--mode fast`.

use crate::Session;
use crate::keys::Slot;
use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use std::mem;
use std::net::SocketAddr;
use str0m::crypto::dtls::SrtpProfile;

const BATCH: usize = 64;
const SLOT: usize = 2048 + 64;

fn sa(a: SocketAddr) -> libc::sockaddr_in {
    let SocketAddr::V4(a) = a else { panic!("IPv4 only") };
    let mut x: libc::sockaddr_in = unsafe { mem::zeroed() };
    x.sin_family = libc::AF_INET as u16;
    x.sin_port = a.port().to_be();
    x.sin_addr.s_addr = u32::from_ne_bytes(a.ip().octets());
    x
}

pub fn buffers(fd: i32) {
    let v: libc::c_int = 16 << 20;
    for o in [libc::SO_RCVBUFFORCE, libc::SO_SNDBUFFORCE] {
        unsafe { libc::setsockopt(fd, libc::SOL_SOCKET, o, &v as *const _ as *const _, 4) };
    }
}

pub fn poll(fd: i32, ms: i32) {
    let mut p = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    unsafe { libc::poll(&mut p, 1, ms) };
}

pub fn sendto(fd: i32, d: &[u8], to: SocketAddr) {
    let a = sa(to);
    unsafe { libc::sendto(fd, d.as_ptr() as *const _, d.len(), 0, &a as *const _ as *const _, 16) };
}

fn send_all(fd: i32, mut m: &mut [libc::mmsghdr]) {
    while !m.is_empty() {
        let k = unsafe { libc::sendmmsg(fd, m.as_mut_ptr(), m.len() as u32, 0) };
        if k <= 0 {
            return;
        }
        m = &mut m[k as usize..];
    }
}

/// recvmmsg buffers.
pub struct Rx {
    bufs: Vec<u8>,
    iov: Vec<libc::iovec>,
    hdr: Vec<libc::mmsghdr>,
    names: Vec<libc::sockaddr_in>,
}

impl Rx {
    pub fn new() -> Box<Rx> {
        let mut r = Box::new(Rx {
            bufs: vec![0; BATCH * SLOT],
            iov: Vec::new(),
            hdr: Vec::new(),
            names: vec![unsafe { mem::zeroed() }; BATCH],
        });
        for i in 0..BATCH {
            let p = unsafe { r.bufs.as_mut_ptr().add(i * SLOT) };
            r.iov.push(libc::iovec { iov_base: p as *mut _, iov_len: 2048 })
        }
        for i in 0..BATCH {
            let mut h: libc::mmsghdr = unsafe { mem::zeroed() };
            h.msg_hdr.msg_iov = &mut r.iov[i];
            h.msg_hdr.msg_iovlen = 1;
            h.msg_hdr.msg_name = &mut r.names[i] as *mut _ as *mut _;
            h.msg_hdr.msg_namelen = 16;
            r.hdr.push(h);
        }
        r
    }
    pub fn recv(&mut self, fd: i32) -> usize {
        let n = unsafe { libc::recvmmsg(fd, self.hdr.as_mut_ptr(), BATCH as u32, libc::MSG_DONTWAIT, std::ptr::null_mut()) };
        n.max(0) as usize
    }
    pub fn pkt(&self, i: usize) -> &[u8] {
        &self.bufs[i * SLOT..i * SLOT + self.hdr[i].msg_len as usize]
    }
    pub fn from(&self, i: usize) -> SocketAddr {
        let a = &self.names[i];
        SocketAddr::from((u32::from_be(a.sin_addr.s_addr).to_be_bytes(), u16::from_be(a.sin_port)))
    }
}

/// SRTP key of the one direction that media takes in a session (in from the publisher, out to a subscriber).
pub struct Half {
    key: LessSafeKey,
    salt: [u8; 12],
    ext: Option<i64>,
    ssrc: u32,
    to: libc::sockaddr_in,
    base: Option<i64>,
}

impl Half {
    pub fn new(slot: &Slot, publisher: bool, ssrc: u32, to: Option<SocketAddr>) -> Option<Half> {
        let g = slot.lock().expect("nobody panics with it");
        let (client, km, profile) = g.as_ref()?;
        let kl = match profile {
            SrtpProfile::AEAD_AES_128_GCM => 16,
            SrtpProfile::AEAD_AES_256_GCM => 32,
            _ => {
                eprintln!("fast mode needs a GCM profile");
                std::process::exit(1)
            }
        };
        // Keying material: client key, server key, client salt, server salt. Media from the publisher uses the remote side's.
        let second = if publisher { *client } else { !*client };
        let o = second as usize;
        let (mk, ms) = (&km[o * kl..(o + 1) * kl], &km[2 * kl + o * 12..2 * kl + (o + 1) * 12]);
        let mut sk = vec![0u8; kl];
        kdf(mk, ms, 0, &mut sk);
        let mut salt = [0u8; 12];
        kdf(mk, ms, 2, &mut salt);
        let key = LessSafeKey::new(UnboundKey::new(if kl == 16 { &AES_128_GCM } else { &AES_256_GCM }, &sk).ok()?);
        Some(Half { key, salt, ext: None, ssrc, to: sa(to?), base: None })
    }
    fn nonce(&self, ssrc: u32, ext: i64) -> Nonce {
        let mut n = self.salt;
        for (i, b) in
            ssrc.to_be_bytes().iter().chain(&((ext >> 16) as u32).to_be_bytes()).chain(&(ext as u16).to_be_bytes()).enumerate()
        {
            n[i + 2] ^= b
        }
        Nonce::assume_unique_for_key(n)
    }
}

/// RFC 3711 key derivation (AES-CM PRF), key derivation rate 0; GCM salts are padded to 14 bytes (RFC 7714).
fn kdf(mk: &[u8], ms: &[u8], label: u8, out: &mut [u8]) {
    let mut iv = [0u8; 16];
    iv[..12].copy_from_slice(ms);
    iv[7] ^= label;
    let k = EncryptingKey::ctr(UnboundCipherKey::new(if mk.len() == 16 { &AES_128 } else { &AES_256 }, mk).expect("a key"))
        .expect("a key");
    out.fill(0);
    k.less_safe_encrypt(out, EncryptionContext::Iv128(iv.into())).expect("CTR");
}

/// Packets of one receive batch, decrypted, and the send side.
pub struct Tx {
    plain: Vec<Plain>,
    n: usize,
    out: Vec<u8>,
    names: Vec<libc::sockaddr_in>,
    iov: Vec<libc::iovec>,
    hdr: Vec<libc::mmsghdr>,
    ctl: Box<Ctl>,
}
struct Plain {
    hdr: [u8; 12],
    ext: i64,
    len: usize,
    data: [u8; 1500],
}
#[repr(align(8))]
struct Ctl([u8; 24]);

impl Tx {
    pub fn new() -> Tx {
        Tx {
            plain: Vec::new(),
            n: 0,
            out: Vec::new(),
            names: Vec::new(),
            iov: Vec::new(),
            hdr: Vec::new(),
            ctl: Box::new(Ctl([0; 24])),
        }
    }

    /// Authenticates and decrypts one packet of the publisher.
    pub fn take(&mut self, h: &mut Half, p: &[u8]) {
        let mut hl = 12 + 4 * (p[0] & 15) as usize;
        if p[0] & 16 != 0 && p.len() > hl + 4 {
            hl += 4 + 4 * u16::from_be_bytes([p[hl + 2], p[hl + 3]]) as usize
        }
        if p.len() < hl + 16 || p.len() - hl - 16 > 1500 {
            return;
        }
        let seq = u16::from_be_bytes([p[2], p[3]]);
        let ext = match h.ext {
            None => seq as i64,
            Some(e) => e + seq.wrapping_sub(e as u16) as i16 as i64,
        };
        let ssrc = u32::from_be_bytes([p[8], p[9], p[10], p[11]]);
        if self.plain.len() == self.n {
            self.plain.push(Plain { hdr: [0; 12], ext: 0, len: 0, data: [0; 1500] })
        }
        let s = &mut self.plain[self.n];
        let ct = p.len() - 16;
        s.len = ct - hl;
        if h.key
            .open_separate_gather(h.nonce(ssrc, ext), Aad::from(&p[..hl]), &p[hl..ct], &p[ct..], &mut s.data[..ct - hl])
            .is_err()
        {
            return;
        }
        h.ext = Some(h.ext.map_or(ext, |e| e.max(ext)));
        s.hdr.copy_from_slice(&p[..12]);
        s.hdr[0] = 0x80;
        s.ext = ext;
        self.n += 1;
    }

    /// Seals and sends everything taken to every subscriber; several packets to one subscriber go as one UDP_SEGMENT message.
    pub fn fan_out(&mut self, fd: i32, ss: &mut [Session]) {
        let n = mem::take(&mut self.n);
        let mut at = 0;
        while at < n {
            let len = self.plain[at].len;
            let mut m = 1;
            while m < 32 && at + m < n && self.plain[at + m].len == len {
                m += 1
            }
            self.group(fd, ss, at, m, len);
            at += m;
        }
    }

    fn group(&mut self, fd: i32, ss: &mut [Session], at: usize, m: usize, len: usize) {
        let wire = 12 + len + 16;
        // 32 subscribers at a time keeps the send buffer in the L2 cache for small bursts.
        let per = (1 << 20) / (wire * m).max(1);
        let per = per.clamp(1, 64);
        let mut k = 0;
        self.out.resize(per * m * wire, 0);
        self.names.clear();
        for s in ss.iter_mut().filter(|s| !s.publisher) {
            let Some(h) = s.fast.as_mut() else { continue };
            for j in 0..m {
                let p = &self.plain[at + j];
                let ext = p.ext - *h.base.get_or_insert(p.ext & !0xffff);
                let o = &mut self.out[(k * m + j) * wire..(k * m + j + 1) * wire];
                let (hd, body) = o.split_at_mut(12);
                hd.copy_from_slice(&p.hdr);
                hd[2..4].copy_from_slice(&(ext as u16).to_be_bytes());
                hd[8..12].copy_from_slice(&h.ssrc.to_be_bytes());
                body[..len].copy_from_slice(&p.data[..len]);
                let nonce = h.nonce(h.ssrc, ext);
                let t = h.key.seal_in_place_separate_tag(nonce, Aad::from(&*hd), &mut body[..len]).expect("sealing");
                body[len..].copy_from_slice(t.as_ref());
            }
            self.names.push(h.to);
            k += 1;
            if k == per {
                self.flush(fd, m, wire);
                k = 0
            }
        }
        if k > 0 {
            self.flush(fd, m, wire)
        }
    }

    fn flush(&mut self, fd: i32, m: usize, wire: usize) {
        let k = self.names.len();
        self.iov.clear();
        self.hdr.clear();
        for i in 0..k {
            self.iov
                .push(libc::iovec { iov_base: unsafe { self.out.as_mut_ptr().add(i * m * wire) } as *mut _, iov_len: m * wire })
        }
        unsafe {
            let c = self.ctl.0.as_mut_ptr() as *mut libc::cmsghdr;
            (*c).cmsg_len = libc::CMSG_LEN(2) as usize;
            (*c).cmsg_level = libc::SOL_UDP;
            (*c).cmsg_type = 103; // UDP_SEGMENT
            *(libc::CMSG_DATA(c) as *mut u16) = wire as u16;
        }
        for i in 0..k {
            let mut h: libc::mmsghdr = unsafe { mem::zeroed() };
            h.msg_hdr.msg_iov = &mut self.iov[i];
            h.msg_hdr.msg_iovlen = 1;
            h.msg_hdr.msg_name = &mut self.names[i] as *mut _ as *mut _;
            h.msg_hdr.msg_namelen = 16;
            if m > 1 {
                h.msg_hdr.msg_control = self.ctl.0.as_mut_ptr() as *mut _;
                h.msg_hdr.msg_controllen = unsafe { libc::CMSG_SPACE(2) as usize }
            }
            self.hdr.push(h);
        }
        let mut hdr = mem::take(&mut self.hdr);
        send_all(fd, &mut hdr);
        self.hdr = hdr;
        self.names.clear();
    }
}
