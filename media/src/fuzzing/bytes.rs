//! An input read as a script: numbers and pieces, and nothing but zeros once it has ended.

use std::time::Duration;

/// Steps that one script has at most, so that no input is slow by being long.
const MAX_STEPS: usize = 96;

pub(super) struct Bytes<'a> {
    rest: &'a [u8],
    steps: usize,
}

impl<'a> Bytes<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest, steps: 0 }
    }

    /// What kind of step comes next; `None` at the end.
    pub(super) fn step(&mut self, kinds: u8) -> Option<u8> {
        self.steps += 1;
        let goes_on = !self.rest.is_empty() && self.steps <= MAX_STEPS;
        goes_on.then(|| self.u8() % kinds)
    }

    pub(super) fn u8(&mut self) -> u8 {
        let (first, rest) = self.rest.split_first().unwrap_or((&0, &[]));
        self.rest = rest;
        *first
    }

    pub(super) fn u16(&mut self) -> u16 {
        u16::from_be_bytes([self.u8(), self.u8()])
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::from_be_bytes([self.u8(), self.u8(), self.u8(), self.u8()])
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::from(self.u8()) % end
    }

    /// A piece with its length in two bytes before it.
    pub(super) fn piece(&mut self) -> &'a [u8] {
        let len = usize::from(self.u16()).min(self.rest.len());
        let (piece, rest) = self.rest.split_at(len);
        self.rest = rest;
        piece
    }

    /// From none to an hour, the short times finely.
    pub(super) fn time(&mut self) -> Duration {
        let (unit, count) = (self.u8() % 4, u64::from(self.u8()));
        Duration::from_millis(count * [1, 20, 500, 14_000][usize::from(unit)])
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}
