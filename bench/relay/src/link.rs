//! A socket, its buffers, and whoever knows what to say on it. Both servers are loaded through the same code.

use std::io;
use std::net::SocketAddr;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Bytes of payload in each message.
pub(crate) const PAYLOAD_BYTES: usize = 512;
/// Room that a read finds at least, in bytes.
const READ_BYTES: usize = 8 * 1024;

/// What came in.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Messages of ours that the server took.
    pub(crate) accepted: u64,
    /// The tags of messages that were delivered to us.
    pub(crate) delivered: Vec<u64>,
}

/// Says and understands what a server speaks.
pub(crate) trait Speaker: Send + 'static {
    /// Writes a message to our partner, with a tag that it will see.
    fn send(&mut self, tag: u64, output: &mut BytesMut);

    /// Takes what is whole of the input, and writes the acknowledgements.
    fn read(&mut self, input: &mut BytesMut, output: &mut BytesMut, seen: &mut Seen) -> io::Result<()>;
}

/// A connection.
pub(crate) struct Link<S> {
    pub(crate) stream: TcpStream,
    pub(crate) speaker: S,
    pub(crate) input: BytesMut,
    pub(crate) output: BytesMut,
}

impl<S> Link<S> {
    pub(crate) async fn connect(address: SocketAddr, speaker: S) -> io::Result<Link<S>> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Link { stream, speaker, input: BytesMut::new(), output: BytesMut::new() })
    }

    /// Writes what was said.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        if !self.output.is_empty() {
            self.stream.write_all(&self.output).await?;
            self.output.clear();
        }
        Ok(())
    }

    /// Waits until more has come. May be cancelled.
    pub(crate) async fn fill(&mut self) -> io::Result<()> {
        self.input.reserve(READ_BYTES);
        match self.stream.read_buf(&mut self.input).await? {
            0 => Err(io::Error::other("the server closed a connection")),
            _ => Ok(()),
        }
    }
}

impl<S: Speaker> Link<S> {
    pub(crate) fn send(&mut self, tag: u64) {
        self.speaker.send(tag, &mut self.output);
    }

    /// Understands what came, and answers.
    pub(crate) async fn read(&mut self, seen: &mut Seen) -> io::Result<()> {
        self.speaker.read(&mut self.input, &mut self.output, seen)?;
        self.flush().await
    }
}
