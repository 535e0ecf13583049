//! A socket in the home: while one program is connected with it, others hand their messages over instead of waiting for the
//! lock. So `listen` and `send` work at the same time.
//!
//! Lines of JSON both ways. The caller: one `Errand`, then `{"text": ..}` for each text, then `"end"`. The answer:
//! `{"record": ..}` for each message that is reported, then `{"done": ..}` or `{"fail": ..}`.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{connect, serve};

#[cfg(not(unix))]
pub(crate) use elsewhere::{connect, serve};

#[cfg(not(unix))]
mod elsewhere {
    use waxwing::Client;

    use super::super::send::{Errand, Texts};
    use crate::fail::Fail;
    use crate::home::Home;

    /// There is no such way here.
    pub(crate) enum Way {}

    impl Way {
        pub(crate) async fn hand_over(self, _errand: &Errand, _texts: Texts) -> Result<usize, Fail> {
            match self {}
        }
    }

    pub(crate) async fn connect(_home: &Home) -> Option<Way> {
        None
    }

    pub(crate) fn serve(_client: &Client, _home: &Home) {}
}
