//! Wren, a small scripted bird on the other side.

use std::time::Duration;

use tokio::time::sleep;
use waxwing::{Client, Draft};

use super::stage::WREN;

const READING: Duration = Duration::from_millis(700);
const TYPING: Duration = Duration::from_millis(1100);
const ANSWERS: [&str; 6] = [
    "You're in! Watch your tick: · on your disk, ✓ on the relay's, ✓✓ on mine, coloured once I have read it.",
    "Each message is sealed with a key of its own. Once used, the key is gone: nobody can go back and open it.",
    "If the power fails right now, on your side or the relay's, nothing that has a tick is lost.",
    "The relay knows that you write to me, and when, and roughly how much. It never learns what.",
    "Esc takes you back; the relay's files are then searched for everything that you typed.",
    "I am only a small scripted bird, and that was all I know. It was nice to meet you!",
];
const LATER: &str = "(chirps)";

/// Reads what comes and answers, until it is stopped. What goes wrong ends the conversation, as it does with birds.
pub(super) async fn answer(client: Client) {
    let mut incoming = client.incoming(WREN);
    let mut answers = ANSWERS.into_iter();
    while let Some(Ok(message)) = incoming.next().await {
        let Ok(conversation) = client.conversation(message.conversation_id) else { return };
        sleep(READING).await;
        let read = conversation.mark_read(message.message_id).await;
        sleep(TYPING).await;
        let said = conversation.send(Draft::text(answers.next().unwrap_or(LATER))).await;
        if read.is_err() || said.is_err() || incoming.done(&message).await.is_err() {
            return;
        }
    }
}
