//! Takes the DTLS-SRTP keying material out of str0m (a wrapper around its DTLS provider).

use std::sync::{Arc, Mutex};
use std::time::Instant;
use str0m::crypto::CryptoProvider;
use str0m::crypto::dtls::*;
use str0m::crypto::*;

/// (are we the DTLS client, keying material, profile), once known.
pub type Slot = Arc<Mutex<Option<(bool, Vec<u8>, SrtpProfile)>>>;

pub fn provider() -> (Arc<CryptoProvider>, Slot) {
    let slot: Slot = Default::default();
    let mut p = from_feature_flags();
    p.dtls_provider = Box::leak(Box::new(Wrap(p.dtls_provider, slot.clone())));
    (Arc::new(p), slot)
}

#[derive(Debug)]
struct Wrap(&'static dyn DtlsProvider, Slot);
#[derive(Debug)]
struct Inst(Box<dyn DtlsInstance>, Slot);

impl DtlsProvider for Wrap {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        self.0.generate_certificate()
    }
    fn new_dtls(
        &self,
        c: &DtlsCert,
        now: Instant,
        v: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        Ok(Box::new(Inst(self.0.new_dtls(c, now, v, mtu)?, self.1.clone())))
    }
}

impl DtlsInstance for Inst {
    fn set_active(&mut self, a: bool) {
        self.0.set_active(a)
    }
    fn handle_packet(&mut self, p: &[u8]) -> Result<(), DtlsImplError> {
        self.0.handle_packet(p)
    }
    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        let active = self.0.is_active();
        let o = self.0.poll_output(buf);
        if let DtlsOutput::KeyingMaterial(km, profile) = &o {
            *self.1.lock().expect("nobody panics with it") = Some((active, km.to_vec(), *profile))
        }
        o
    }
    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.0.handle_timeout(now)
    }
    fn send_application_data(&mut self, d: &[u8]) -> Result<usize, DtlsImplError> {
        self.0.send_application_data(d)
    }
    fn is_active(&self) -> bool {
        self.0.is_active()
    }
    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.0.protocol_version()
    }
    fn is_closing(&self) -> bool {
        self.0.is_closing()
    }
    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.0.close()
    }
}
