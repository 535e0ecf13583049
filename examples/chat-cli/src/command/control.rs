//! A socket in the home: while one program is connected with it, others hand over what is to be done instead of waiting for
//! the lock. So `listen` and every other command work at the same time.
//!
//! Lines of JSON both ways. The caller: `{"send": ..}`, then `{"text": ..}` for each text, then `"end"`; or `{"do": ..}`. The
//! answer: `{"record": ..}` for each line that is to be printed, then `{"done": ..}` or `{"fail": ..}`.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{Way, connect, serve};

#[cfg(not(unix))]
pub(crate) use elsewhere::{Way, connect, serve};

#[cfg(not(unix))]
mod elsewhere {
    use waxwing::Client;

    use super::super::send::{Errand, Texts};
    use super::super::task::{Manner, Task};
    use crate::fail::Fail;
    use crate::home::Home;

    /// There is no such way here.
    pub(crate) enum Way {}

    impl Way {
        pub(crate) async fn hand_over(self, _errand: Errand, _texts: Texts) -> Result<usize, Fail> {
            match self {}
        }

        pub(crate) async fn order(self, _task: Task, _manner: Manner) -> Result<(), Fail> {
            match self {}
        }
    }

    pub(crate) async fn connect(_home: &Home) -> Option<Way> {
        None
    }

    pub(crate) fn serve(_client: &Client, _home: &Home) {}
}
