//! A stream of which something was read already, to see what it is.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// Bytes read at most to see what a stream is; the more of a request come along, the fewer reads it takes.
const FIRST: usize = 4096;

/// Gives what was read before again, then goes on.
#[derive(Debug)]
pub struct Prefixed<S> {
    stream: S,
    prefix: Vec<u8>,
    given: usize,
}

impl<S: AsyncRead + Unpin> Prefixed<S> {
    /// Waits for the first bytes. None have come if the other end has said all.
    pub async fn read(mut stream: S) -> io::Result<Self> {
        let mut prefix = vec![0; FIRST];
        let len = stream.read(&mut prefix).await?;
        prefix.truncate(len);
        Ok(Self { stream, prefix, given: 0 })
    }
}

impl<S> Prefixed<S> {
    /// What has come first.
    pub fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// The stream, and what was read of it.
    pub fn into_parts(self) -> (S, Vec<u8>) {
        (self.stream, self.prefix)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Prefixed<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let rest = &this.prefix[this.given..];
        if rest.is_empty() {
            return Pin::new(&mut this.stream).poll_read(context, buffer);
        }
        let len = rest.len().min(buffer.remaining());
        buffer.put_slice(&rest[..len]);
        this.given += len;
        if this.given == this.prefix.len() {
            (this.prefix, this.given) = (Vec::new(), 0);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prefixed<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn nothing_is_lost_and_nothing_comes_twice() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        theirs.write_all(b"first").await.expect("there is room");
        let mut stream = Prefixed::read(ours).await.expect("it is there");
        assert_eq!(stream.prefix(), b"first");
        theirs.write_all(b" then").await.expect("there is room");
        drop(theirs);
        let mut small = [0; 2];
        stream.read_exact(&mut small).await.expect("it is there");
        let mut rest = String::new();
        stream.read_to_string(&mut rest).await.expect("it ends");
        assert_eq!((&small, rest.as_str()), (b"fi", "rst then"));
    }

    #[tokio::test]
    async fn a_stream_that_ends_says_nothing() {
        let (ours, theirs) = tokio::io::duplex(64);
        drop(theirs);
        assert_eq!(Prefixed::read(ours).await.expect("it ends").prefix(), b"");
    }
}
